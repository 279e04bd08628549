import Collectives
import System

/// Ranks that share memory read each other's partial sums in place; each adds one slice of the vector into a common
/// result.
///
/// ``finish()`` synchronises the window from the thread that calls it, the rank's main thread, because a hand-over to
/// the communication thread costs more than the synchronisation. MPI_THREAD_SERIALIZED permits that as long as the
/// communication thread is idle: while a step ends, no job of it may be queued.
///
/// Two synchronisations a step suffice. A rank that goes on to the next step overwrites its partial sums, which all
/// ranks have read before the second one; and the common result, which slower ranks may still read, changes only after
/// the next step's first one, which they reach when they have done with it.
///
/// `@unchecked Sendable`: used by the rank's main thread; slices are disjoint, and the window orders the ranks.
package final class SharedMemoryReduction: BucketReduction, @unchecked Sendable {
    private let window: SharedWindow
    private let communication: CommunicationThread
    private let rank: Int
    private let count: Int
    private let sums: PartialSums
    /// What this rank adds.
    private let mine: [Range<Int>]
    package let owned: OwnedGradients?
    private let pieces: [UnsafePointer<Float>]

    /// Bytes of the window's segment for each rank: a slot for the result, which the first rank's holds, and its
    /// partial sums.
    package static func byteCountPerRank(assignment: GrainAssignment, count: Int) -> Int {
        let most = (0..<assignment.worldSize).map { assignment.roots(ofRank: $0).count }.max() ?? 1
        return (1 + most) * count * MemoryLayout<Float>.stride
    }

    /// - Parameters:
    ///   - count: floats of the flat vector, a multiple of 16.
    ///   - window: of at least ``byteCountPerRank(assignment:count:)`` bytes, shared by all ranks of the job.
    ///   - communication: the rank's thread for MPI, which must be idle while a step ends.
    ///   - shares: where ranks share the update.
    package init(
        assignment: GrainAssignment, count: Int, window: SharedWindow, communication: CommunicationThread,
        shares: UpdateShares? = nil
    ) {
        let rank = communication.rank
        precondition(assignment.order.hosts.count == 1, "SharedMemoryReduction: ranks on several hosts")
        let needed = SharedMemoryReduction.byteCountPerRank(assignment: assignment, count: count)
        precondition(
            window.byteCountPerRank >= needed, "SharedMemoryReduction: \(window.byteCountPerRank) of \(needed) bytes")
        self.window = window
        self.communication = communication
        self.rank = rank
        self.count = count
        let roots = (0..<assignment.worldSize).map(assignment.roots(ofRank:))
        let worldSize = assignment.worldSize
        let gradients = shares?.gradients ?? 0..<0
        owned = shares.map { shares in
            OwnedGradients(ranges: (0..<worldSize).map { [shares.part($0, of: worldSize, in: gradients)] })
        }
        mine =
            (owned?.ranges[rank] ?? [])
            + [BucketPlan.slice(of: gradients.upperBound..<count, part: rank, of: worldSize)]
        sums = PartialSums(of: roots.flatMap { $0 }, in: assignment.tree)
        pieces = roots.enumerated().flatMap { peer, roots in
            roots.indices.map { UnsafePointer(SharedMemoryReduction.slot(1 + $0, ofRank: peer, count, window)) }
        }
    }

    private static func slot(_ index: Int, ofRank rank: Int, _ count: Int, _ window: SharedWindow)
        -> UnsafeMutablePointer<Float>
    {
        window.segment(ofHostRank: rank).assumingMemoryBound(to: Float.self) + index * count
    }

    package func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? {
        SharedMemoryReduction.slot(1 + index, ofRank: rank, count, window)
    }

    package func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {}
    package func localSumIsReady(bucket: Int) {}

    package private(set) var waitSeconds = 0.0

    /// The sum over all ranks; throws when another rank has ended the job.
    ///
    /// - Precondition: the communication thread is idle, because MPI is called by one thread at a time.
    package func finish() throws -> UnsafePointer<Float> {
        precondition(communication.isIdle, "SharedMemoryReduction: a job of the communication thread is under way")
        let result = SharedMemoryReduction.slot(0, ofRank: 0, count, window)
        let start = ContinuousClock.now
        try window.synchronize()
        waitSeconds = (ContinuousClock.now - start) / .seconds(1)
        Timeline.span(.add) {
            for part in mine {
                sums.add(pieces.map { $0 + part.lowerBound }, into: result + part.lowerBound, floats: part.count)
            }
        }
        try window.synchronize()
        return UnsafePointer(result)
    }

    /// Once all ranks have written theirs, everybody reads them in place.
    package func shareWeights() throws -> SumArrivals? {
        precondition(communication.isIdle, "SharedMemoryReduction: a job of the communication thread is under way")
        try window.synchronize()
        return nil
    }

    package func cancel() {}
}
