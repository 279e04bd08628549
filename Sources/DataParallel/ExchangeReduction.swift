import Autograd
import Collectives
import Foundation

/// Ranks on several hosts: each bucket's slices go to their owners, which add them and send the sums back.
///
/// With one partial sum a rank, 2 (P − 1) / P · n floats leave each rank, as with a ring. Buckets go in ascending order on
/// all ranks, on the communication thread, while workers still compute; several are under way at once (``BucketPipeline``).
///
/// `@unchecked Sendable`: `ready` and `isCancelled` are under the condition's lock; `running` belongs to the rank's main
/// thread; `result` and `pipeline` to the communication thread from `begin` until `finish` returns.
public final class ExchangeReduction: BucketReduction, @unchecked Sendable {
    private let communication: CommunicationThread
    private let rank: Int
    private let result: FlatBuffer
    private let pipeline: BucketPipeline
    private var running: Outcome<Void>?

    private let condition = NSCondition()
    private var ready: Set<Int> = []
    private var isCancelled = false

    /// - Parameters:
    ///   - count: floats of the flat vector, a multiple of 16.
    ///   - communication: of a communicator with as many ranks as the assignment.
    ///   - wire: the numbers in which the first `gradientCount` floats travel, whole lines of 16; the others stay Float.
    public init(
        assignment: GrainAssignment, count: Int, communication: CommunicationThread, wire: GradientWire = .float32,
        gradientCount: Int = 0
    ) {
        precondition(
            communication.worldSize == assignment.worldSize,
            "ExchangeReduction: grains for \(assignment.worldSize) ranks among \(communication.worldSize)")
        self.communication = communication
        rank = communication.rank
        result = FlatBuffer(count: count)
        pipeline = BucketPipeline(
            sums: PartialSums(assignment), format: WireFormat(shortened: wire == .bfloat16 ? gradientCount / 16 * 16 : 0),
            rank: communication.rank, result: result.pointer)
    }

    public func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { nil }

    public func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {
        precondition(running == nil || isGivenUp, "ExchangeReduction: begin before the previous step's finish")
        condition.lock()
        ready.removeAll(keepingCapacity: true)
        condition.unlock()
        nonisolated(unsafe) let roots = roots  // the reducer keeps them until `finish` or `cancel`
        running = communication.submit { [self] communicator in
            try pipeline.run(buckets, of: roots, communicator, isReady: isReady)
        }
    }

    public func localSumIsReady(bucket: Int) {
        condition.lock()
        ready.insert(bucket)
        condition.signal()
        condition.unlock()
    }

    /// The sum over all ranks; throws what the communicator threw, or ``DataParallelError/stepCancelled(rank:)`` after ``cancel()``.
    public func finish() throws -> UnsafePointer<Float> {
        guard let running else { preconditionFailure("ExchangeReduction: finish before begin") }
        self.running = nil
        try running.wait()
        return UnsafePointer(result.pointer)
    }

    /// Ends the communication thread's wait for buckets, in this step and all later ones; a transfer that has begun goes on until `abort`.
    public func cancel() {
        condition.lock()
        isCancelled = true
        condition.signal()
        condition.unlock()
    }

    private var isGivenUp: Bool {
        condition.lock()
        defer { condition.unlock() }
        return isCancelled
    }

    /// Whether a bucket is there; `waits` until it is, and then throws when the step is given up.
    private func isReady(_ bucket: Int, waits: Bool) throws -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while waits && !ready.contains(bucket) && !isCancelled { condition.wait() }
        if waits && isCancelled { throw DataParallelError.stepCancelled(rank: rank) }
        return ready.contains(bucket) && !isCancelled
    }
}
