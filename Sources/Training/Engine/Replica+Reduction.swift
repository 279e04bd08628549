import Collectives
import DataParallel

extension Replica {
    /// How the ranks add their partial sums: by themselves, through shared memory, by messages, or both; collective.
    static func makeReduction(
        _ assignment: GrainAssignment, count: Int, _ ranks: Ranks, wire: GradientWire = .float32,
        gradientCount: Int = 0, startsComplete: Bool = false,
        sharing: (shares: UpdateShares, buckets: BucketPlan)? = nil
    ) throws -> any BucketReduction {
        if ranks.worldSize == 1 { return LocalReduction() }
        func window(_ bytes: Int) throws -> SharedWindow? {
            try ranks.waiting { try $0.sharedWindow(byteCountPerRank: bytes) }
        }
        if ranks.shareOneHost,
            let window = try window(SharedMemoryReduction.byteCountPerRank(assignment: assignment, count: count))
        {
            return SharedMemoryReduction(
                assignment: assignment, count: count, window: window, communication: ranks.communication,
                shares: sharing?.shares)
        }
        let sharesSome = !ranks.shareOneHost && assignment.order.hosts.count < ranks.worldSize
        if sharing == nil, wire == .float32, WholeExchangeReduction.isFaster(assignment, count: count) {
            let bytes = WholeExchangeReduction.byteCountPerRank(assignment: assignment, count: count)
            return WholeExchangeReduction(
                assignment: assignment, count: count, communication: ranks.communication,
                window: sharesSome ? try window(bytes) : nil)
        }
        return ExchangeReduction(
            assignment: assignment, count: count, communication: ranks.communication,
            window: sharesSome
                ? try window(ExchangeReduction.byteCountPerRank(assignment: assignment, count: count)) : nil,
            wire: wire, gradientCount: gradientCount, startsComplete: startsComplete, sharing: sharing)
    }
}
