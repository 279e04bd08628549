import DataParallel
import Testing

@Suite("ExchangePlan")
struct ExchangePlanTests {
    @Test(
        "of every host one rank carries each lane, all ranks carry some, and their parts cover the bucket",
        arguments: [[0, 0, 1, 1], [0, 1, 0], [0, 1, 2, 0, 1, 0], [0], [1, 0, 0, 0, 2]])
    func lanes(hostOfRank: [Int]) {
        let assignment = GrainAssignment(grainCount: 16, order: HostOrder(hostOfRank: hostOfRank))
        let plans = hostOfRank.indices.map { ExchangePlan(assignment, hosts: assignment.order.hosts, rank: $0) }
        let lanes = assignment.order.hosts.map(\.count).max() ?? 0
        for ranks in assignment.order.hosts {
            #expect(ranks.flatMap { plans[$0].lanes }.sorted() == Array(0..<lanes))
            #expect(ranks.allSatisfy { !plans[$0].lanes.isEmpty })
            for rank in ranks {
                for lane in plans[rank].lanes { #expect(plans[0].carrier(lane, on: plans[rank].host) == rank) }
            }
        }
        let parts = plans.flatMap { plan in
            plan.lanes.map { plan.part(of: 32..<1040, addedBy: plan.host, lane: $0) }
        }
        let covered = parts.flatMap { Array($0) }.sorted()
        #expect(covered == Array(32..<1040))
    }

    @Test("ranges of up to four messages are cut into them, longer ones travel whole")
    func pieces() {
        let most = 64 << 10
        for (floats, count) in [
            (0, 1), (1, 1), (most, 1), (most + 1, 2), (3 * most + 7, 4), (4 * most, 4), (4 * most + 1, 1),
        ] {
            #expect(MessagePieces.count(floats) == count, "\(floats)")
            let pieces = MessagePieces.cut(40..<40 + floats)
            #expect(pieces.count == count && pieces.flatMap { Array($0) } == Array(40..<40 + floats), "\(floats)")
        }
    }
}
