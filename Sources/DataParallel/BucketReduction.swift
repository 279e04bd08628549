/// Adds the ranks' partial sums of a step, bucket by bucket, in the order of the tree.
///
/// A step is `begin`, `localSumIsReady` once for every bucket in any order, and `finish`; or `begin` and `cancel`.
package protocol BucketReduction: AnyObject, Sendable {
    /// Memory that the sum of this rank's root of this index should be in, the same for all steps, or nil for any.
    func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>?
    /// A step begins; `roots` hold this rank's partial sums in the end. The previous step's result is no longer valid.
    func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>])
    /// A bucket of all local roots is final; called from any worker.
    func localSumIsReady(bucket: Int)
    /// Waits for the sum over all ranks; called once all buckets are ready.
    func finish() throws -> UnsafePointer<Float>
    /// The step's sums as they come, for a caller that goes on before `finish`, which then need not be called; nil
    /// where they come all at once.
    var arrivals: SumArrivals? { get }
    /// Seconds that the last `finish` waited for slower ranks, where waiting and adding can be told apart; else 0.
    var waitSeconds: Double { get }
    /// Whether buckets leave in messages while later ones are still computed.
    var sendsBuckets: Bool { get }
    /// Which gradients each rank owns, of which `finish` gives the sums to it alone; nil where it gives all to all.
    var owned: OwnedGradients? { get }
    /// Has the new weights that this rank has written in place of its gradients travel to all, and theirs to it; once
    /// after `finish`, where ranks own gradients.
    ///
    /// Returns what says which have come, or nil when all have.
    func shareWeights() throws -> SumArrivals?
    /// This rank cannot end the step: nothing may wait for its buckets any longer. Called from any thread, also
    /// repeatedly.
    ///
    /// With several ranks they are out of step from here on, and the job has to end: whoever cancels also aborts.
    func cancel()
}

extension BucketReduction {
    package var waitSeconds: Double { 0 }
    package var arrivals: SumArrivals? { nil }
    package var sendsBuckets: Bool { false }
    package var owned: OwnedGradients? { nil }
    package func shareWeights() throws -> SumArrivals? { nil }
}

/// One rank: the tree's root is the sum.
///
/// `@unchecked Sendable`: `root` is used by the rank's main thread alone.
package final class LocalReduction: BucketReduction, @unchecked Sendable {
    private var root: UnsafeMutablePointer<Float>?

    /// A reduction for a job of one rank.
    package init() {}

    package func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { nil }

    package func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {
        precondition(
            roots.count == 1,
            "LocalReduction: \(roots.count) partial sums; with several ranks another reduction adds them")
        root = roots[0]
    }

    package func localSumIsReady(bucket: Int) {}

    package func finish() throws -> UnsafePointer<Float> {
        guard let root else { preconditionFailure("LocalReduction: finish before begin") }
        return UnsafePointer(root)
    }

    package func cancel() {}
}
