import Kernels

/// Which samples each grain of each step holds; pure arithmetic, the same on every rank.
package protocol GrainPlan: Sendable {
    /// How many grains a step has.
    var grainsPerStep: Int { get }
    /// The most samples that a grain can hold.
    var largestGrain: Int { get }
    /// The samples of one grain.
    func samples(step: Int, grain: Int) -> GrainSamples
}

/// The samples of one grain: a run of positions in an epoch's order.
package struct GrainSamples: RandomAccessCollection, Sendable {
    /// The epoch, counted from 0; it keys augmentation.
    package let epoch: Int
    /// Where the samples stand in the epoch's order.
    package let positions: Range<Int>
    private let order: EpochOrder?

    /// - Parameter order: nil for the order of the data set.
    init(epoch: Int, positions: Range<Int>, order: EpochOrder?) {
        self.epoch = epoch
        self.positions = positions
        self.order = order
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { positions.count }

    /// The index in the data set of the grain's `offset`-th sample.
    package subscript(offset: Int) -> Int {
        let position = positions.lowerBound + offset
        return order.map { $0[position] } ?? position
    }
}

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

    /// - Parameters:
    ///   - grainSize: the samples of one grain, at most.
    ///   - key: the run's root key; the order of epoch e is keyed by (key, shuffle, e).
    package init(sampleCount: Int, batchSize: Int, grainSize: Int, key: RandomKey) {
        precondition(
            sampleCount > 0 && batchSize > 0 && grainSize > 0,
            "BatchPlan: needs positive sizes, got \(sampleCount) samples, batch \(batchSize), grain \(grainSize)")
        self.sampleCount = sampleCount
        self.batchSize = batchSize
        self.grainSize = grainSize
        shuffleKey = key.folding(.shuffle)
    }

    /// S = ⌈B/g⌉
    package var grainsPerStep: Int { (batchSize + grainSize - 1) / grainSize }
    /// ⌈N/B⌉
    package var stepsPerEpoch: Int { (sampleCount + batchSize - 1) / batchSize }
    /// ⌈min(B, N)/S⌉
    package var largestGrain: Int { (min(batchSize, sampleCount) + grainsPerStep - 1) / grainsPerStep }

    /// The epoch that `step` belongs to and its place in it, both counted from 0.
    package func position(ofStep step: Int) -> (epoch: Int, stepInEpoch: Int) {
        precondition(step >= 0, "BatchPlan: negative step \(step)")
        let (epoch, stepInEpoch) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        return (epoch, stepInEpoch)
    }

    /// M, the samples of the whole batch of `step`.
    package func sampleCount(ofStep step: Int) -> Int {
        min(batchSize, sampleCount - position(ofStep: step).stepInEpoch * batchSize)
    }

    /// The positions inside the batch of `step` that `grain` holds; empty when the batch has fewer samples than grains.
    package func positionsInBatch(step: Int, grain: Int) -> Range<Int> {
        precondition(grain >= 0 && grain < grainsPerStep, "BatchPlan: no grain \(grain) of \(grainsPerStep)")
        let (size, larger) = sampleCount(ofStep: step).quotientAndRemainder(dividingBy: grainsPerStep)
        let start = grain * size + min(grain, larger)
        return start..<(start + size + (grain < larger ? 1 : 0))
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
            order: order(ofEpoch: epoch))
    }

    /// The indices in the data set of the samples of one grain.
    package func sampleIndices(step: Int, grain: Int) -> [Int] { Array(samples(step: step, grain: grain)) }
}

/// The plan of evaluation: one step over all samples in the order of the data set, in grains of g samples, the last one
/// shorter.
package struct EvaluationPlan: GrainPlan, Equatable {
    /// N
    package let sampleCount: Int
    /// g
    package let grainSize: Int

    package init(sampleCount: Int, grainSize: Int) {
        precondition(
            sampleCount >= 0 && grainSize > 0, "EvaluationPlan: \(sampleCount) samples in grains of \(grainSize)")
        self.sampleCount = sampleCount
        self.grainSize = grainSize
    }

    /// ⌈N/g⌉
    package var grainsPerStep: Int { (sampleCount + grainSize - 1) / grainSize }
    /// min(g, N)
    package var largestGrain: Int { min(grainSize, sampleCount) }

    package func samples(step: Int, grain: Int) -> GrainSamples {
        precondition(grain >= 0 && grain < grainsPerStep, "EvaluationPlan: no grain \(grain) of \(grainsPerStep)")
        let first = grain * grainSize
        return GrainSamples(epoch: 0, positions: first..<min(first + grainSize, sampleCount), order: nil)
    }
}
