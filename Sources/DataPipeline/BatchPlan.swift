import Kernels

/// The plan of training: every epoch visits each of N samples once in a shuffled order, B a step, cut into S = ⌈B/g⌉
/// grains.
///
/// The last batch of an epoch holds what is left. A batch of M samples is split into S contiguous grains whose sizes
/// differ by at most one, the larger ones first; with M < S the last grains are empty.
package struct BatchPlan: GrainPlan, Equatable {
    /// N
    package let sampleCount: Int
    /// B
    package let batchSize: Int
    /// g
    package let grainSize: Int
    private let shuffleKey: RandomKey
    /// Of a ``BalancedDataset``; nil for others.
    private let balance: ClassBalance?

    /// - Parameters:
    ///   - grainSize: the samples of one grain, at most.
    ///   - key: the run's root key; the order of epoch e is keyed by (key, shuffle, e).
    ///   - balance: that of a ``BalancedDataset``, whose N it has.
    package init(
        sampleCount: Int, batchSize: Int, grainSize: Int, key: RandomKey, balance: ClassBalance? = nil
    ) {
        precondition(
            sampleCount > 0 && batchSize > 0 && grainSize > 0,
            "BatchPlan: needs positive sizes, got \(sampleCount) samples, batch \(batchSize), grain \(grainSize)")
        precondition(
            balance == nil || balance?.count == sampleCount, "BatchPlan: a balance of other samples than \(sampleCount)"
        )
        self.sampleCount = sampleCount
        self.batchSize = batchSize
        self.grainSize = grainSize
        self.balance = balance
        shuffleKey = key.folding(.shuffle)
    }

    /// S = ⌈B/g⌉
    package var grainsPerStep: Int { (batchSize + grainSize - 1) / grainSize }
    /// ⌈N/B⌉
    package var stepsPerEpoch: Int { (sampleCount + batchSize - 1) / batchSize }
    /// ⌈min(B, N)/S⌉
    package var largestGrain: Int { (min(batchSize, sampleCount) + grainsPerStep - 1) / grainsPerStep }

    /// M, the samples of the whole batch of `step`.
    package func sampleCount(ofStep step: Int) -> Int {
        min(batchSize, sampleCount - position(ofStep: step).stepInEpoch * batchSize)
    }

    /// The positions inside the batch of `step` that `grain` holds; empty when the batch has fewer samples than grains.
    package func positionsInBatch(step: Int, grain: Int) -> Range<Int> {
        share(of: sampleCount(ofStep: step), grain: grain)
    }

    /// The order in which `epoch` visits the samples.
    package func order(ofEpoch epoch: Int) -> EpochOrder {
        EpochOrder(count: sampleCount, key: shuffleKey.folding(epoch))
    }

    package func samples(step: Int, grain: Int) -> GrainSamples {
        let (epoch, stepInEpoch) = position(ofStep: step)
        let inBatch = positionsInBatch(step: step, grain: grain)
        let first = stepInEpoch * batchSize
        return GrainSamples(
            epoch: epoch, positions: (first + inBatch.lowerBound)..<(first + inBatch.upperBound),
            order: order(ofEpoch: epoch),
            balance: balance.map { ($0, shuffleKey.folding(name: "balance").folding(epoch)) })
    }

    /// The indices in the data set of the samples of one grain.
    package func sampleIndices(step: Int, grain: Int) -> [Int] { Array(samples(step: step, grain: grain)) }
}
