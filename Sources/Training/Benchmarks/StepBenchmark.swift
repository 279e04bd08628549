import Autograd
import ConfigurationReading
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
/// 0.9 and weight decay 5e-4. A model with auxiliary heads is measured without them.
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
    /// Patterns of parameters that are not trained.
    package var freeze: [String]

    package init(
        model: ZooModel, batch: Int, grain: Int, threads: Int, steps: Int, warmup: Int,
        measuresReplicaCheck: Bool = false, freeze: [String] = []
    ) {
        self.freeze = freeze
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
        let network = try Network([model.description(ZooOptions(classes: model.usualClasses, auxiliary: false))])
        let phase = try StepBenchmark.phase(
            network, freeze: freeze, classes: model.usualClasses, grain: grain)
        let state = TrainingState(network: network, phases: [phase], keepsBest: false)
        let key = RandomKey(seed: 1)
        state.initialize(key: key, learningRates: [StepBenchmark.learningRate])
        let grainsPerRank = (batch + grain - 1) / grain
        let objective = phase.objective
        let replica = try Replica(
            network: network, values: state.values, vectors: [phase.vector], threads: threads,
            grainCount: grainsPerRank * ranks.worldSize, ranks: ranks, defersUpdates: true)
        let data = RandomSamples(
            model, rows: Shape(network.models[0].outputShape.dimensions.dropLast()), count: batch, grain: grain,
            firstGrain: replica.grains.lowerBound, key: key)
        var seconds: [Double] = []
        var before = 0
        try ranks.barrier()
        for step in 0..<warmup + steps {
            if step == warmup { before = replica.systemAllocations }
            let start = Clock.seconds
            let sums = try replica.step(phase: 0, objective, key: key.folding(step)) { grain, body in
                try body(data.samples(grain))
            }
            try StepBenchmark.update(state, replica, sums, step: step)
            if step >= warmup { seconds.append(Clock.seconds - start) }
        }
        try replica.settle()
        let allocations = replica.systemAllocations - before
        let check =
            try measuresReplicaCheck
            ? replicaCheckCost(state, replica, ranks) { step in
                try replica.step(phase: 0, objective, key: key.folding(step)) { grain, body in
                    try body(data.samples(grain))
                }
            } : nil
        return Result(
            seconds: seconds, samplesPerStep: batch * ranks.worldSize, allocations: (before, allocations),
            replicaCheck: check)
    }

    /// What is trained and how, as a configuration says it.
    private static func phase(
        _ network: Network, freeze: [String], classes: Int, grain: Int
    ) throws -> TrainingPhase {
        // Made here, because reading a configuration's text would leave its libraries in the memory that is measured.
        let configuration = PhaseConfiguration(
            name: "bench",
            objective: SupervisedSpecification(model: nil, losses: [LossTerm(CrossEntropyLoss())], metrics: nil),
            train: nil, freeze: freeze.map { PlacedName($0) },
            optimizer: OptimizerConfiguration(
                rule: Momentum(momentum: 0.9), learningRate: learningRate, weightDecay: 5e-4, l1: 0, maxNorm: nil,
                clipWeights: nil, lookahead: nil, groups: [], place: PlacedName("bench")),
            schedule: ScheduleConfiguration(.schedule(ConstantSchedule())),
            clipNorm: nil, clipValue: nil, measuresGradientVariance: false, gradientOverSteps: nil, data: nil,
            length: nil,
            place: PlacedName("bench"))
        let fields = RandomSamples.fields(
            network.models[0].inputs[0], rows: Shape(network.models[0].outputShape.dimensions.dropLast()),
            classes: classes)
        let setup = ObjectiveSetup(
            network: network, fields: fields, defaultInput: "input", defaultTarget: "label")
        return try TrainingPhase(configuration, setup, samplesPerGrain: grain, isOnly: true)
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
            let norm = try replica.gradientNorm(phase: 0, sums, state.phases[0].optimizer)
            precondition(norm.isFinite, "bench step: the gradient is not finite")
        }
        let update = state.weightUpdate(
            phase: 0, weight: sums.metrics.weight, norm: nil, learningRate: StepBenchmark.learningRate, ownStep: step,
            hasher: hasher)
        try replica.update(phase: 0, sums, number: step, update)
    }
}
