import Autograd
import Collectives
import Foundation

/// Ranks on several hosts: each bucket's slices go to their owners, which add them and send the sums back.
///
/// With one partial sum a rank, 2 (P − 1) / P · n floats leave each rank, as with a ring. Buckets travel on the
/// communication thread while workers still compute, several at once and the last ready one first (``BucketPipeline``).
///
/// `@unchecked Sendable`: `isCancelled`, `current` and `missing` are under the lock; `running`, `roots` and `buckets`
/// belong to the rank's main thread, and to the worker that makes the last bucket ready, for which that thread waits;
/// `result` and `pipeline` to the communication thread while a step's buckets travel.
package final class ExchangeReduction: BucketReduction, @unchecked Sendable {
    private let communication: CommunicationThread
    private let rank: Int
    private let result: FlatBuffer
    private let pipeline: BucketPipeline
    private let startsComplete: Bool
    private var running: Outcome<Void>?
    private var roots: [UnsafeMutablePointer<Float>] = []
    private var buckets: [Range<Int>] = []

    private let lock = NSLock()
    private var current: SumArrivals?
    private var isCancelled = false
    private var missing = 0

    /// - Parameters:
    ///   - count: floats of the flat vector, a multiple of 16.
    ///   - communication: of a communicator with as many ranks as the assignment.
    ///   - wire: the numbers in which the first `gradientCount` floats travel, whole lines of 16; the others stay
    ///     Float.
    ///   - startsComplete: whether nothing travels before all of a step's buckets are ready. While buckets travel the
    ///     communication thread does nothing else, and grains that meet others need it.
    package init(
        assignment: GrainAssignment, count: Int, communication: CommunicationThread, wire: GradientWire = .float32,
        gradientCount: Int = 0, startsComplete: Bool = false
    ) {
        self.startsComplete = startsComplete
        precondition(
            communication.worldSize == assignment.worldSize,
            "ExchangeReduction: grains for \(assignment.worldSize) ranks among \(communication.worldSize)")
        self.communication = communication
        rank = communication.rank
        result = FlatBuffer(count: count)
        pipeline = BucketPipeline(
            sums: PartialSums(assignment),
            format: WireFormat(shortened: wire == .bfloat16 ? gradientCount / 16 * 16 : 0),
            rank: communication.rank, result: result.pointer)
    }

    package func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { nil }

    /// A step begins; the previous one's buckets may still travel.
    package func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {
        let arrivals = SumArrivals(buckets: buckets, result: result.pointer)
        let isGivenUp = lock.withLock {
            current = arrivals
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
        running = communication.submit { [pipeline, buckets] communicator in
            do {
                try pipeline.run(buckets, of: roots, communicator, arrivals)
            } catch {
                arrivals.fail(error)
                throw error
            }
        }
    }

    package func localSumIsReady(bucket: Int) {
        guard let arrivals else { return }
        arrivals.isReady(bucket)
        let isLast = lock.withLock {
            missing -= 1
            return missing == 0
        }
        if isLast && startsComplete { start(arrivals) }
    }

    package var arrivals: SumArrivals? { lock.withLock { current } }

    /// The sum over all ranks; throws what the communicator threw, or ``DataParallelError/stepCancelled(rank:)`` after
    /// ``cancel()``.
    package func finish() throws -> UnsafePointer<Float> {
        guard let running else { preconditionFailure("ExchangeReduction: finish before begin") }
        self.running = nil
        try running.wait()
        return UnsafePointer(result.pointer)
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
