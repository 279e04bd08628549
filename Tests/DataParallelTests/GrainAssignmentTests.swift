import DataParallel
import Testing

@Suite("GrainAssignment")
struct GrainAssignmentTests {
    @Test("ranks' grains cover all grains in order, differ by at most one, and no rank has none")
    func grainsAreBalanced() {
        for grains in 1...40 {
            for ranks in 1...grains {
                let assignment = GrainAssignment(grainCount: grains, worldSize: ranks)
                let all = (0..<ranks).map { assignment.grains(ofRank: $0) }
                #expect(all.flatMap { Array($0) } == Array(0..<grains))
                for mine in all { #expect([grains / ranks, (grains + ranks - 1) / ranks].contains(mine.count)) }
            }
        }
    }

    @Test("grains belong to ranks host by host, whatever their numbers")
    func grainsGoByHost() {
        let order = HostOrder(hostOfRank: [7, 3, 7, 3, 9])
        #expect(order.hosts == [[0, 2], [1, 3], [4]])
        let assignment = GrainAssignment(grainCount: 10, order: order)
        #expect([0, 2, 1, 3, 4].flatMap { Array(assignment.grains(ofRank: $0)) } == Array(0..<10))
        #expect(assignment.roots(ofRanks: [0, 2]).map { assignment.tree.grains(of: $0) } == [0..<4])
        #expect(assignment.roots(ofRanks: [1, 3]).map { assignment.tree.grains(of: $0) } == [4..<8])
        #expect(order.apart.hosts == [[0], [2], [1], [3], [4]])
    }

    @Test("aligned ranks contribute one sum each")
    func alignedRanks() {
        for ranks in [1, 2, 4, 8] {
            let assignment = GrainAssignment(grainCount: 32, worldSize: ranks)
            #expect((0..<ranks).allSatisfy { assignment.roots(ofRank: $0).count == 1 })
        }
    }
}
