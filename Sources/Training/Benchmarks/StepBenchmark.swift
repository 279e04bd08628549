import Autograd
import DataParallel
import Foundation
import JobHealth
import Kernels
import NeuralNetwork
import Optimization
import System
import TensorCore

/// Measures whole training steps on random data made once: forward, cross-entropy, backward, all-reduce, SGD with
/// momentum
/// 0.9 and weight decay 5e-4.
package struct StepBenchmark: Sendable {
    package var model: ZooModel
    /// Samples of a rank.
    package var batch: Int
    package var grain: Int
    package var threads: Int
    package var steps: Int
    package var warmup: Int
    /// Whether the comparison of replicas is measured as well, after the steps.
    package var measuresReplicaCheck: Bool

    package init(
        model: ZooModel, batch: Int, grain: Int, threads: Int, steps: Int, warmup: Int,
        measuresReplicaCheck: Bool = false
    ) {
        self.measuresReplicaCheck = measuresReplicaCheck
        self.model = model
        self.batch = batch
        self.grain = grain
        self.threads = threads
        self.steps = steps
        self.warmup = warmup
    }

    /// So small that no model diverges on random data, however many steps are measured.
    private static let learningRate = 1e-5

    /// What was measured.
    package struct Result: Sendable {
        /// Seconds of each counted step.
        package var seconds: [Double]
        package var samplesPerStep: Int
        /// Blocks that the workers' pools took from the system before the counted steps and during them.
        package var allocations: (before: Int, during: Int)
        /// What comparing the ranks' replicas costs; nil where it was not asked for or there is one rank.
        package var replicaCheck: ReplicaCheckCost?

        package var medianSeconds: Double { seconds.sorted()[seconds.count / 2] }
        package var samplesPerSecond: Double { Double(samplesPerStep) / medianSeconds }
    }

    /// Seconds that the replica check takes.
    package struct ReplicaCheckCost: Sendable {
        /// Of each comparison: hashing in the update before it, and the exchange.
        package var comparison: Double
        /// Of each step: hashing running statistics.
        package var step: Double

        /// Of all time, with a comparison after every `steps` steps of `seconds`.
        package func share(everySteps steps: Int, stepSeconds seconds: Double) -> Double {
            (comparison / Double(steps) + step) / seconds
        }
    }

    /// Runs the benchmark; collective.
    package func run(_ ranks: Ranks) throws -> Result {
        Activity.enter(.benchmark)
        let network = try Model(
            name: model.rawValue, input: model.inputShape, layers: model.layers(ZooOptions(classes: model.usualClasses))
        )
        let optimizer = try Optimizer(
            rule: Momentum(momentum: 0.9),
            groups: ParameterGroups(
                network.layout.parameters.filter(\.isTrainable).map {
                    ParameterSpan(name: $0.name, offset: network.layout.offsets[$0.index], count: $0.shape.count)
                }, defaults: GroupSettings(weightDecay: 5e-4)))
        let state = TrainingState(model: network, optimizer: optimizer, keepsBest: false)
        let key = RandomKey(seed: 1)
        state.initialize(key: key, learningRate: StepBenchmark.learningRate)
        let grainsPerRank = (batch + grain - 1) / grain
        let replica = try Replica(
            model: network, values: state.values, threads: threads, grainCount: grainsPerRank * ranks.worldSize,
            ranks: ranks,
            defersUpdates: true)
        let data = RandomSamples(
            shape: network.inputShape, count: batch, grain: grain, firstGrain: replica.grains.lowerBound,
            classes: model.usualClasses, key: key)
        let objective = SupervisedObjective(.crossEntropy(labelSmoothing: 0))
        var seconds: [Double] = []
        var before = 0
        try ranks.barrier()
        for step in 0..<warmup + steps {
            if step == warmup { before = replica.memoryStatistics.allocations }
            let start = Clock.seconds
            let sums = try replica.step(objective, key: key.folding(step)) { grain, body in
                try body(data.samples(grain))
            }
            try StepBenchmark.update(state, replica, sums, step: step)
            if step >= warmup { seconds.append(Clock.seconds - start) }
        }
        try replica.settle()
        let allocations = replica.memoryStatistics.allocations - before
        let check =
            try measuresReplicaCheck
            ? replicaCheckCost(state, replica, ranks) { step in
                try replica.step(objective, key: key.folding(step)) { grain, body in try body(data.samples(grain)) }
            } : nil
        return Result(
            seconds: seconds, samplesPerStep: batch * ranks.worldSize, allocations: (before, allocations),
            replicaCheck: check)
    }

    /// What comparisons cost: the hashing that an update does on the way, by which it takes longer, and the exchange.
    /// Minima of 20 updates with and 20 without, each after a step, so that the caches hold what they hold in training.
    /// Collective.
    private func replicaCheckCost(
        _ state: TrainingState, _ replica: Replica, _ ranks: Ranks, _ compute: (Int) throws -> Replica.StepSums
    ) throws -> ReplicaCheckCost? {
        guard let check = ReplicaCheck(everySteps: 1, state, replica, ranks) else { return nil }
        var (plain, hashing, following, comparison) = (
            Double.infinity, Double.infinity, Double.infinity, Double.infinity
        )
        for step in warmup + steps..<warmup + steps + 40 {
            let sums = try compute(step)
            try ranks.barrier()
            let start = Clock.seconds
            let isChecked = step % 2 == 0
            try StepBenchmark.update(
                state, replica, sums, step: step, hasher: isChecked ? check.hasher(forUpdateTo: step + 1) : nil)
            try replica.settle()
            let end = Clock.seconds
            if isChecked {
                hashing = min(hashing, end - start)
                try check.updated(step: step + 1)
                following = min(following, Clock.seconds - end)
                try ranks.barrier()
                let start = Clock.seconds
                try check.compare(step: step + 1)
                comparison = min(comparison, Clock.seconds - start)
            } else {
                plain = min(plain, end - start)
            }
        }
        return ReplicaCheckCost(comparison: max(0, hashing - plain) + comparison, step: following)
    }

    /// The update as the training loop does it, its check for numbers that are not finite included.
    private static func update(
        _ state: TrainingState, _ replica: Replica, _ sums: Replica.StepSums, step: Int, hasher: ReplicaHasher? = nil
    ) throws {
        if !replica.defersUpdates {
            let norm = try replica.gradientNorm(sums, state.optimizer)
            precondition(norm.isFinite, "bench step: the gradient is not finite")
        }
        nonisolated(unsafe) let shared = state
        let samples = sums.tally.samples
        try replica.update(sums, step: step) { range, gradients in
            let change = {
                shared.update(
                    $0, gradients: gradients, samples: samples, norm: nil, learningRate: StepBenchmark.learningRate,
                    step: step)
            }
            if let hasher { hasher.changing(range, change) } else { change(range) }
        }
    }
}

/// Random inputs and classes, the same in every step.
private struct RandomSamples: Sendable {
    let shape: Shape
    let count: Int
    let grain: Int
    let firstGrain: Int
    let inputs: FlatBuffer
    let labels: [Int32]

    init(shape: Shape, count: Int, grain: Int, firstGrain: Int, classes: Int, key: RandomKey) {
        self.shape = shape
        self.count = count
        self.grain = grain
        self.firstGrain = firstGrain
        inputs = FlatBuffer(count: count * shape.count)
        let key = key.folding(.benchmark)
        Initializer.normal(1).fill(inputs.pointer, shape: [count * shape.count], key: key)
        labels = (0..<count).map { Int32(key.folding(1).integer(at: UInt64($0), below: classes)) }
    }

    func samples(_ number: Int) -> Samples {
        let first = (number - firstGrain) * grain
        let n = min(grain, count - first)
        let storage = Storage(borrowing: inputs.pointer, count: inputs.count, owner: inputs)
        return Samples(
            inputs: Tensor(storage: storage, offset: first * shape.count, shape: shape.batched(n)),
            labels: Array(labels[first..<first + n]))
    }
}
