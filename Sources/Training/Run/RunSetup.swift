import Autograd
import Checkpointing
import Collectives
import DataParallel
import DataPipeline
import FaultInjection
import Foundation
import Kernels
import NeuralNetwork
import Optimization
import TensorCore

/// Everything that the loop works with, assembled from a configuration. Made collectively: an error on any rank ends it
/// on all.
struct RunSetup {
    let configuration: RunConfiguration
    let ranks: Ranks
    let directory: RunDirectory
    let data: RunData
    let model: Model
    let objective: any Objective
    let state: TrainingState
    let replica: Replica
    let plan: BatchPlan
    let totalSteps: Int
    var learningRate: LearningRate
    /// Finished steps at the beginning.
    let firstStep: Int
    /// Whether the validation that belongs after `firstStep` is still to be made.
    let validationIsPending: Bool
    var best: Checkpoint.BestMetric?
    let keeper: CheckpointKeeper?
    /// What happened on the way that the log should tell.
    let decisions: [DecisionRecord]

    /// The root of everything random in the run.
    var key: RandomKey { RandomKey(seed: configuration.seed) }
    var grains: Range<Int> { replica.grains }

    init(_ configuration: RunConfiguration, _ options: RunOptions, _ ranks: Ranks) throws {
        self.configuration = configuration
        self.ranks = ranks
        directory = RunDirectory(options.directory ?? "runs/" + configuration.name)
        try RankIdentity.requireSame(configuration, ranks)
        let threads = options.threads ?? Placement.defaultThreads(ranksOnHost: ranks.hostSize)
        try ranks.together { try Placement.check(threads: threads, worldSize: ranks.worldSize) }
        data = try RunData.open(configuration.data, ranks: ranks)
        try RankIdentity.requireSame(data, ranks)
        try ranks.together { try TestFault.reach(.startUp) }
        let key = RandomKey(seed: configuration.seed)
        let plan = BatchPlan(
            sampleCount: data.training.count, batchSize: configuration.batch, grainSize: configuration.grain, key: key)
        let totalSteps = min(
            configuration.epochs.map { $0 * plan.stepsPerEpoch } ?? .max, configuration.maxSteps ?? .max)
        let (model, objective) = try RunSetup.model(configuration, data.training, ranks)
        self.plan = plan
        self.totalSteps = totalSteps
        self.model = model
        self.objective = objective
        let parts = try ranks.together {
            (
                try LearningRate(configuration, stepsPerEpoch: plan.stepsPerEpoch, totalSteps: totalSteps),
                try configuration.makeOptimizer(model)
            )
        }
        learningRate = parts.0
        let samples = threads * min(configuration.grain, data.training.count)
        try ranks.together {
            try MemoryNeed.check(
                model, copies: 2 + parts.1.rule.slots.count, samples: samples, ranksOnHost: ranks.hostSize)
        }
        state = TrainingState(model: model, optimizer: parts.1, keepsBest: learningRate.plateau?.rollback ?? false)
        replica = try RunSetup.replica(configuration, model, state.values, plan, ranks, threads)
        state.initialize(key: key, learningRate: configuration.optimizer.learningRate)
        TestFault.poison(state.values.pointer, .startUp, step: 0)

        let (start, lock) = try RunSetup.resume(configuration, options.resume, directory, state, ranks)
        firstStep = start.step
        validationIsPending = start.validationIsPending
        best = start.best
        try learningRate.restore(start.learningRate)
        decisions =
            start.decisions
            + (options.restartReason.map {
                [DecisionRecord(step: start.step, kind: .restart, reason: "started again: \($0)")]
            } ?? [])
        keeper = try RunSetup.keeper(configuration, directory, lock, ranks, stepsPerEpoch: plan.stepsPerEpoch, start)
    }

    // MARK: - Parts

    /// The model and what it is trained for, checked against the data.
    static func model(
        _ configuration: RunConfiguration, _ dataset: any Dataset, _ ranks: Ranks
    ) throws -> (Model, any Objective) {
        try ranks.together {
            let classes = dataset.target.classCount
            let name: String
            var input = dataset.sampleShape
            switch configuration.model {
            case .zoo(let zoo, _): name = zoo.rawValue
            case .layers(_, let shape):
                name = configuration.name
                input = Shape(shape)
            }
            let model = try Model(
                name: name, input: input, layers: configuration.model.layers(classes: classes),
                convolutions: configuration.convolutions)
            guard model.outputShape == [classes] else {
                throw TrainingError.outputMismatch(model: name, outputs: model.outputShape.dimensions, classes: classes)
            }
            return (model, configuration.loss.objective)
        }
    }

    private static func replica(
        _ configuration: RunConfiguration, _ model: Model, _ values: FlatBuffer, _ plan: BatchPlan, _ ranks: Ranks,
        _ threads: Int
    ) throws -> Replica {
        try ranks.together {
            if ranks.worldSize > plan.grainsPerStep {
                throw TrainingError.moreRanksThanGrains(
                    ranks: ranks.worldSize, grains: plan.grainsPerStep, batch: configuration.batch,
                    grain: configuration.grain)
            }
        }
        return try Replica(
            model: model, values: values, threads: threads, grainCount: plan.grainsPerStep, ranks: ranks,
            wire: configuration.wire,
            // The norm of all gradients, and whether all are finite, must be known before a weight changes.
            defersUpdates: configuration.clipNorm == nil && configuration.onNonFinite == .stop)
    }

    private static func keeper(
        _ configuration: RunConfiguration, _ directory: RunDirectory, _ lock: RunDirectoryLock?, _ ranks: Ranks,
        stepsPerEpoch: Int, _ start: Start
    ) throws -> CheckpointKeeper? {
        var keeper: CheckpointKeeper?
        try ranks.together {
            // Rank 0's alone.
            if let lock {
                keeper = try CheckpointKeeper(directory, lock, configuration, stepsPerEpoch: stepsPerEpoch, start)
            }
        }
        return keeper
    }
}

extension RunConfiguration {
    /// The configuration's identity in checkpoints.
    var fingerprintText: String {
        let digits = String(fingerprint, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The update rule over the model's parameters.
    func makeOptimizer(_ model: Model) throws -> Optimizer {
        let trainable = model.layout.parameters.filter(\.isTrainable)
        let spans = trainable.map {
            ParameterSpan(name: $0.name, offset: model.layout.offsets[$0.index], count: $0.shape.count)
        }
        // The first group that matches a parameter holds; later rules override earlier ones.
        let rules = optimizer.groups.reversed().flatMap { group in
            group.match.map { pattern in
                GroupRule(
                    pattern, learningRateFactor: group.learningRateFactor,
                    weightDecay: group.weightDecay ?? optimizer.weightDecay,
                    isFrozen: group.learningRateFactor == 0)
            }
        }
        let groups = try ParameterGroups(
            spans, defaults: GroupSettings(weightDecay: optimizer.weightDecay), rules: rules)
        let clipping = clipNorm.map { GradientClipping.globalNorm(maximum: $0) } ?? .none
        return try Optimizer(rule: try optimizer.rule.makeRule(), groups: groups, clipping: clipping)
    }
}

extension OptimizerConfiguration.UpdateRule {
    fileprivate func makeRule() throws -> any UpdateRule {
        switch self {
        case .sgd(let momentum, let nesterov):
            momentum > 0 ? try Momentum(momentum: momentum, nesterov: nesterov) : SGD()
        case .adam(let beta1, let beta2, let epsilon, let decoupled):
            try Adam(momentum: beta1, decay: beta2, epsilon: epsilon, decouplesWeightDecay: decoupled)
        case .rmsprop(let decay, let epsilon, let momentum):
            try RMSprop(decay: decay, epsilon: epsilon, momentum: momentum)
        case .adagrad(let epsilon): try Adagrad(epsilon: epsilon)
        case .adadelta(let decay, let epsilon): try Adadelta(decay: decay, epsilon: epsilon)
        case .rprop(let decrease, let increase, let minimumStep, let maximumStep):
            try Rprop(growth: increase, shrinkage: decrease, minimumStep: minimumStep, maximumStep: maximumStep)
        }
    }
}

extension LossConfiguration {
    fileprivate var objective: SupervisedObjective {
        switch self {
        case .crossEntropy(let smoothing): SupervisedObjective(.crossEntropy(labelSmoothing: Float(smoothing)))
        case .meanSquaredError: SupervisedObjective(.meanSquaredError)
        case .binaryCrossEntropy(let fromLogits): SupervisedObjective(.binaryCrossEntropy(fromLogits: fromLogits))
        }
    }
}
