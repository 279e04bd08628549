import Collectives

/// What the ranks of one host share while they exchange sums with other hosts: their partial sums, the common result,
/// and how far each is with each bucket.
///
/// Of each bucket a rank tells twice: that its partial sums are there, and that it needs nobody's any longer and has
/// written its parts of the result; where ranks share the update, a third time, that its parts of the new weights are
/// there. No other order is needed. A rank tells the first of a later step when it has done
/// with the earlier one's result; so parts of the result are written when all are done with what was there. And it
/// writes new partial sums when all have told the second.
///
/// `@unchecked Sendable`: the flags order who reads and writes what.
struct HostMemory: @unchecked Sendable {
    /// The common result.
    let result: UnsafeMutablePointer<Float>
    /// The partial sums of all of the host's ranks, in the order of their grains.
    let roots: [UnsafePointer<Float>]
    /// This rank's own.
    let ownRoots: [UnsafeMutablePointer<Float>]
    private let window: SharedWindow
    private let flags: SharedFlags
    private let bucketCount: Int

    /// Bytes of each segment, the same on all hosts: the flags, a slot for the result, which the first rank's holds,
    /// and the partial sums.
    static func byteCountPerRank(_ assignment: GrainAssignment, count: Int, bucketCount: Int) -> Int {
        let most = (0..<assignment.worldSize).map { assignment.roots(ofRank: $0).count }.max() ?? 1
        return SharedFlags.byteCount(3 * bucketCount) + (1 + most) * count * MemoryLayout<Float>.stride
    }

    /// - Parameters:
    ///   - ranks: the host's, ascending.
    ///   - window: of at least ``byteCountPerRank(_:count:bucketCount:)`` bytes.
    init(_ assignment: GrainAssignment, ranks: [Int], count: Int, bucketCount: Int, window: SharedWindow) {
        let needed = HostMemory.byteCountPerRank(assignment, count: count, bucketCount: bucketCount)
        precondition(
            window.byteCountPerRank >= needed && window.hostSize == ranks.count,
            "HostMemory: \(window.byteCountPerRank) of \(needed) bytes for \(window.hostSize) of \(ranks.count) ranks")
        func slot(_ index: Int, _ hostRank: Int) -> UnsafeMutablePointer<Float> {
            (window.segment(ofHostRank: hostRank) + SharedFlags.byteCount(3 * bucketCount))
                .assumingMemoryBound(to: Float.self) + index * count
        }
        let slots = ranks.enumerated().map { hostRank, rank in
            assignment.roots(ofRank: rank).indices.map { slot(1 + $0, hostRank) }
        }
        result = slot(0, 0)
        roots = slots.joined().map { UnsafePointer($0) }
        ownRoots = slots[window.hostRank]
        flags = SharedFlags(3 * bucketCount, in: window)
        self.window = window
        self.bucketCount = bucketCount
    }

    /// This rank's partial sums of a bucket are there; from any thread.
    func tellReady(_ bucket: Int, round: UInt32) { flags.raise(bucket, round: round) }

    /// Whether those of all of the host's ranks are.
    func isReady(_ bucket: Int, round: UInt32) -> Bool { flags.isRaisedByAll(bucket, round: round) }

    /// This rank needs no partial sums of a bucket any longer, and its parts of the result are there.
    func tellDone(_ bucket: Int, round: UInt32) { flags.raise(bucketCount + bucket, round: round) }

    /// Whether that is so of all of the host's ranks.
    func isDone(_ bucket: Int, round: UInt32) -> Bool { flags.isRaisedByAll(bucketCount + bucket, round: round) }

    /// This rank's parts of a bucket's new weights are there.
    func tellShared(_ bucket: Int, round: UInt32) { flags.raise(2 * bucketCount + bucket, round: round) }

    /// Whether that is so of all of the host's ranks.
    func isShared(_ bucket: Int, round: UInt32) -> Bool { flags.isRaisedByAll(2 * bucketCount + bucket, round: round) }

    /// See `SharedWindow.attendWhileWaiting`.
    func attendWhileWaiting() throws { try window.attendWhileWaiting() }
}
