import Autograd
import Collectives
import Foundation

/// Ranks on several hosts: those of a host add their partial sums in shared memory, each bucket's parts go to the hosts
/// that own them, and these add them and send the sums back (``ExchangePlan``).
///
/// With one partial sum a host, 2 (H − 1) / H · n floats leave each of H hosts, as with a ring, however many ranks are
/// on it. Buckets travel on the communication thread while workers still compute, several at once and the last ready
/// one first (``BucketPipeline``). Without a shared window each rank exchanges for itself.
///
/// `@unchecked Sendable`: `isCancelled`, `current`, `round` and `missing` are under the lock; `running`, `roots` and
/// `buckets` belong to the rank's main thread, and to the worker that makes the last bucket ready, for which that
/// thread waits;
/// `result` and `pipeline` to the communication thread while a step's buckets travel.
package final class ExchangeReduction: BucketReduction, @unchecked Sendable {
    private let communication: CommunicationThread
    private let rank: Int
    private let bucketCount: Int
    private let host: HostMemory?
    /// The result's memory where no other rank shares it.
    private let ownResult: FlatBuffer?
    private let result: UnsafeMutablePointer<Float>
    private let pipeline: BucketPipeline
    private let sharing: WeightExchange?
    private let leaving = LeavingMessages()
    package let owned: OwnedGradients?
    private let startsComplete: Bool
    private var running: Outcome<Void>?
    private var roots: [UnsafeMutablePointer<Float>] = []
    private var buckets: [Range<Int>] = []

    private let lock = NSLock()
    private var current: SumArrivals?
    private var isCancelled = false
    private var round: UInt32 = 0
    private var missing = 0

    /// Bytes of the window's segment for each rank, the same on all hosts.
    ///
    /// - Parameter bucketCount: the most buckets of a step, nil for those of the usual ``BucketPlan``.
    package static func byteCountPerRank(assignment: GrainAssignment, count: Int, bucketCount: Int? = nil) -> Int {
        HostMemory.byteCountPerRank(
            assignment, count: count, bucketCount: bucketCount ?? usualBucketCount(assignment, count))
    }

    private static func usualBucketCount(_ assignment: GrainAssignment, _ count: Int) -> Int {
        // where ranks share the update, what follows the gradients has buckets of its own
        BucketPlan(count: count, ranks: assignment.worldSize).ranges.count + 1
    }

    /// - Parameters:
    ///   - count: floats of the flat vector, a multiple of 16.
    ///   - communication: of a communicator with as many ranks as the assignment.
    ///   - window: shared by the ranks of each host of the assignment's order, of at least
    ///     ``byteCountPerRank(assignment:count:bucketCount:)`` bytes; nil on all ranks where they share none.
    ///   - bucketCount: as there.
    ///   - wire: the numbers in which the first `gradientCount` floats travel, whole lines of 16; the others stay
    ///     Float.
    ///   - startsComplete: whether nothing travels before all of a step's buckets are ready. While buckets travel the
    ///     communication thread does nothing else, and grains that meet others need it.
    ///   - sharing: how ranks share the update, and the buckets of every step then; not with a shortened wire, which
    ///     would shorten the weights.
    package init(
        assignment: GrainAssignment, count: Int, communication: CommunicationThread, window: SharedWindow? = nil,
        bucketCount: Int? = nil, wire: GradientWire = .float32, gradientCount: Int = 0, startsComplete: Bool = false,
        sharing: (shares: UpdateShares, buckets: BucketPlan)? = nil
    ) {
        precondition(sharing == nil || wire == .float32, "ExchangeReduction: weights can't travel as bfloat16")
        self.startsComplete = startsComplete
        precondition(
            communication.worldSize == assignment.worldSize,
            "ExchangeReduction: grains for \(assignment.worldSize) ranks among \(communication.worldSize)")
        let rank = communication.rank
        let bucketCount = bucketCount ?? ExchangeReduction.usualBucketCount(assignment, count)
        let order = window == nil ? assignment.order.apart : assignment.order
        let plan = ExchangePlan(assignment, hosts: order.hosts, rank: rank, shares: sharing?.shares)
        owned = sharing.flatMap { plan.owned(of: $0.buckets.ranges) }
        let neighbours = plan.hosts[plan.host]
        let host = window.flatMap { window in
            neighbours.count == 1
                ? nil
                : HostMemory(assignment, ranks: neighbours, count: count, bucketCount: bucketCount, window: window)
        }
        ownResult = host == nil ? FlatBuffer(count: count) : nil
        guard let result = host?.result ?? ownResult?.pointer else {
            preconditionFailure("ExchangeReduction: no result")
        }
        pipeline = BucketPipeline(
            assignment, plan, format: WireFormat(shortened: wire == .bfloat16 ? gradientCount / 16 * 16 : 0),
            host: host, result: result, leaving: leaving)
        self.sharing = sharing.map { [leaving] _ in
            WeightExchange(plan, host: host, result: result, leaving: leaving)
        }
        (self.communication, self.rank, self.bucketCount) = (communication, rank, bucketCount)
        (self.host, self.result) = (host, result)
    }

    package func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { host?.ownRoots[index] }

    /// A step begins; the previous one's buckets may still travel.
    package func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {
        precondition(buckets.count <= bucketCount, "ExchangeReduction: \(buckets.count) of \(bucketCount) buckets")
        let arrivals = SumArrivals(buckets: buckets, result: result)
        let isGivenUp = lock.withLock {
            current = arrivals
            round &+= 1
            missing = buckets.count
            return isCancelled
        }
        if isGivenUp { arrivals.fail(DataParallelError.stepCancelled(rank: rank)) }
        (self.roots, self.buckets) = (roots, buckets)
        if !startsComplete { start(arrivals) }
    }

    private func start(_ arrivals: SumArrivals) {
        // the reducer keeps them; whoever writes them next waits for the arrivals
        nonisolated(unsafe) let roots = roots
        let round = lock.withLock { self.round }
        running = communication.submit { [self, pipeline, buckets, leaving, communication] communicator in
            defer { leaving.leave(on: communication, keeping: self) }
            do {
                try pipeline.run(buckets, of: roots, round: round, communicator, arrivals)
            } catch {
                arrivals.fail(error)
                throw error
            }
        }
    }

    package func localSumIsReady(bucket: Int) {
        guard let (arrivals, round) = lock.withLock({ current.map { ($0, self.round) } }) else { return }
        host?.tellReady(bucket, round: round)
        arrivals.isReady(bucket)
        let isLast = lock.withLock {
            missing -= 1
            return missing == 0
        }
        if isLast && startsComplete { start(arrivals) }
    }

    package var arrivals: SumArrivals? { lock.withLock { current } }
    package var sendsBuckets: Bool { true }

    /// The sum over all ranks; throws what the communicator threw, or ``DataParallelError/stepCancelled(rank:)`` after
    /// ``cancel()``.
    package func finish() throws -> UnsafePointer<Float> {
        guard let running else { preconditionFailure("ExchangeReduction: finish before begin") }
        self.running = nil
        try running.wait()
        return UnsafePointer(result)
    }

    /// The new weights travel on the communication thread, while the caller goes on.
    package func shareWeights() throws -> SumArrivals? {
        guard let sharing else { preconditionFailure("ExchangeReduction: ranks do not share the update") }
        let arrivals = SumArrivals(buckets: buckets, result: result)
        let (isGivenUp, round) = lock.withLock {
            current = arrivals
            return (isCancelled, self.round)
        }
        if isGivenUp { arrivals.fail(DataParallelError.stepCancelled(rank: rank)) }
        _ = communication.submit { [self, buckets, leaving, communication] communicator in
            defer { leaving.leave(on: communication, keeping: self) }
            do {
                try sharing.run(buckets, round: round, communicator, arrivals)
            } catch {
                arrivals.fail(error)
                throw error
            }
        }
        return arrivals
    }

    /// Ends the communication thread's wait for buckets, in this step and all later ones; a transfer that has begun
    /// goes on until `abort`.
    package func cancel() {
        let arrivals = lock.withLock {
            isCancelled = true
            return current
        }
        arrivals?.fail(DataParallelError.stepCancelled(rank: rank))
    }
}
