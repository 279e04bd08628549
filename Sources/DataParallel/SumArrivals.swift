import Foundation

/// The buckets of one step on their way: which of this rank's partial sums are there, and which sums over all ranks
/// have come.
///
/// `@unchecked Sendable`: everything that changes is under the condition's lock; ranges of `result` are read after
/// their arrival has been seen through it.
package final class SumArrivals: @unchecked Sendable {
    private let buckets: [Range<Int>]
    private let result: UnsafePointer<Float>
    private let condition = NSCondition()
    private var ready: [Bool]
    private var taken: [Bool]
    private var arrived: [Bool]
    private var failure: (any Error)?

    /// A step whose buckets' sums will be at the same floats of `result`.
    package init(buckets: [Range<Int>], result: UnsafePointer<Float>) {
        self.buckets = buckets
        self.result = result
        ready = Array(repeating: false, count: buckets.count)
        taken = ready
        arrived = ready
    }

    /// Waits until the sums over all ranks of these floats are there, and this rank's partial sums of them are no
    /// longer needed.
    ///
    /// - Returns: the flat vector, of which the floats in `range` may be read.
    /// - Throws: why they will not come: what the communicator threw, or ``DataParallelError/stepCancelled(rank:)``.
    package func wait(for range: Range<Int>) throws -> UnsafePointer<Float> {
        condition.lock()
        defer { condition.unlock() }
        for (bucket, floats) in buckets.enumerated() where floats.overlaps(range) {
            while !arrived[bucket] {
                if let failure { throw failure }
                condition.wait()
            }
        }
        return result
    }

    /// This rank's partial sums of a bucket are there.
    func isReady(_ bucket: Int) {
        change { ready[bucket] = true }
    }

    /// The sum of a bucket over all ranks is there.
    package func hasArrived(_ bucket: Int) {
        change { arrived[bucket] = true }
    }

    /// What has not arrived will not come; only the first cause counts.
    package func fail(_ error: any Error) {
        change { failure = failure ?? error }
    }

    /// The last bucket that is ready and has not been taken; nil when there is none, unless it `waits` for one.
    ///
    /// The last ones hold what the next forward pass needs first.
    ///
    /// - Throws: the failure, before waiting.
    func takeReady(waits: Bool) throws -> Int? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let bucket = ready.indices.last(where: { ready[$0] && !taken[$0] }) {
                taken[bucket] = true
                return bucket
            }
            if !waits { return nil }
            if let failure { throw failure }
            condition.wait()
        }
    }

    /// Throws the failure, if there is one.
    func requireNoFailure() throws {
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
    }

    private func change(_ body: () -> Void) {
        condition.lock()
        body()
        condition.broadcast()
        condition.unlock()
    }
}
