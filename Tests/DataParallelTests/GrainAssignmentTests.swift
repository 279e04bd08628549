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

    @Test("aligned ranks contribute one sum each")
    func alignedRanks() {
        for ranks in [1, 2, 4, 8] {
            let assignment = GrainAssignment(grainCount: 32, worldSize: ranks)
            #expect((0..<ranks).allSatisfy { assignment.roots(ofRank: $0).count == 1 })
        }
    }
}
