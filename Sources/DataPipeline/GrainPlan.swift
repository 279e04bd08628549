import Kernels

/// Which samples each grain of each step holds; pure arithmetic, the same on every rank.
package protocol GrainPlan: Sendable {
    /// How many grains a step has.
    var grainsPerStep: Int { get }
    /// How many steps pass over all samples once.
    var stepsPerEpoch: Int { get }
    /// The most samples that a grain can hold.
    var largestGrain: Int { get }
    /// The samples of one grain.
    func samples(step: Int, grain: Int) -> GrainSamples
}

extension GrainPlan {
    /// Of how many batches an evaluation's grain is a sequence: the steps `0..<partsPerGrain`, which one worker goes
    /// through in order.
    package var partsPerGrain: Int { stepsPerEpoch }

    /// The epoch that `step` belongs to and its place in it, both counted from 0.
    package func position(ofStep step: Int) -> (epoch: Int, stepInEpoch: Int) {
        precondition(step >= 0, "GrainPlan: negative step \(step)")
        let (epoch, stepInEpoch) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        return (epoch, stepInEpoch)
    }

    /// The part of 0..<`count` that `grain` owns when it is split into ``grainsPerStep`` contiguous parts whose sizes
    /// differ by at most one, the larger ones first.
    func share(of count: Int, grain: Int) -> Range<Int> {
        precondition(grain >= 0 && grain < grainsPerStep, "GrainPlan: no grain \(grain) of \(grainsPerStep)")
        let (size, larger) = count.quotientAndRemainder(dividingBy: grainsPerStep)
        let start = grain * size + min(grain, larger)
        return start..<(start + size + (grain < larger ? 1 : 0))
    }
}

/// The samples of one grain, as indices in the data set.
package struct GrainSamples: RandomAccessCollection, Sendable {
    private enum Arrangement {
        /// Neighbours in the order of the data set, from this index on.
        case run(first: Int)
        /// Neighbours in an epoch's order, from this position on.
        case permuted(first: Int, EpochOrder)
        /// The same of a ``BalancedDataset``, with the epoch's key.
        case balanced(first: Int, EpochOrder, ClassBalance, RandomKey)
        /// Neighbours in the order in which an epoch reads shards, from this position on.
        case streamed(first: Int, StreamOrder)
        /// One window of each lane, all at the same place in their lanes.
        case lanes(first: Int, LaneLayout, place: Int)
    }

    /// The epoch, counted from 0; it keys augmentation.
    package let epoch: Int
    /// The lanes that the samples continue, one each; nil where samples have nothing to do with each other.
    package let lanes: Range<Int>?
    /// Whether lanes begin anew here.
    package let isStartOfSequence: Bool
    private let arrangement: Arrangement
    private let size: Int
    /// What is added to every index.
    private var offset = 0

    /// The samples at `positions` of an epoch's order, or of the data set's where there is none.
    init(
        epoch: Int, positions: Range<Int>, order: EpochOrder?, balance: (ClassBalance, epochKey: RandomKey)? = nil
    ) {
        self.epoch = epoch
        lanes = nil
        isStartOfSequence = false
        let first = positions.lowerBound
        arrangement =
            switch (order, balance) {
            case (let order?, let (balance, key)?): .balanced(first: first, order, balance, key)
            case (let order?, nil): .permuted(first: first, order)
            case (nil, _): .run(first: first)
            }
        size = positions.count
    }

    /// The samples at `positions` of the order in which an epoch reads shards.
    init(epoch: Int, positions: Range<Int>, streamed order: StreamOrder) {
        self.epoch = epoch
        lanes = nil
        isStartOfSequence = false
        arrangement = .streamed(first: positions.lowerBound, order)
        size = positions.count
    }

    /// Window `place` of each of `lanes`.
    init(epoch: Int, lanes: Range<Int>, layout: LaneLayout, place: Int) {
        self.epoch = epoch
        self.lanes = lanes
        isStartOfSequence = place == 0
        arrangement = .lanes(first: lanes.lowerBound, layout, place: place)
        size = lanes.count
    }

    /// The same samples where they stand behind `count` others.
    func moved(by count: Int) -> GrainSamples {
        var moved = self
        moved.offset += count
        return moved
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { size }

    /// The index in the data set of the grain's sample at `position`.
    package subscript(position: Int) -> Int {
        switch arrangement {
        case .run(let first): offset + first + position
        case .permuted(let first, let order): offset + order[first + position]
        case .balanced(let first, let order, let balance, let key):
            offset + balance.place(at: order[first + position], epochKey: key)
        case .streamed(let first, let order): offset + order[first + position]
        case .lanes(let first, let layout, let place): offset + layout.window(lane: first + position, place: place)
        }
    }

    /// How often the epoch has the grain's sample at `position` elsewhere, so that it is augmented in another way.
    func copy(_ position: Int) -> Int {
        guard case .balanced(let first, let order, let balance, _) = arrangement else { return 0 }
        return balance.copy(at: order[first + position])
    }
}
