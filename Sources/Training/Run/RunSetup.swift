import Autograd
import Checkpointing
import Collectives
import DataParallel
import DataPipeline
import Foundation
import Kernels
import NeuralNetwork
import Optimization
import TensorCore

/// Everything that the loop works with, assembled from a configuration. Made collectively: an error on any rank ends it on all.
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
        data = try RunData.open(configuration.data, ranks: ranks)
        let key = RandomKey(seed: configuration.seed)
        let plan = BatchPlan(
            sampleCount: data.training.count, batchSize: configuration.batch, grainSize: configuration.grain, key: key)
        let totalSteps = min(configuration.epochs.map { $0 * plan.stepsPerEpoch } ?? .max, configuration.maxSteps ?? .max)
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
        state = TrainingState(model: model, optimizer: parts.1, keepsBest: learningRate.plateau?.rollback ?? false)
        let threads = options.threads ?? Placement.defaultThreads(ranksOnHost: ranks.hostSize)
        replica = try RunSetup.replica(configuration, model, state.values, plan, ranks, threads)
        state.initialize(key: key, learningRate: configuration.optimizer.learningRate)

        let start = try RunSetup.resume(configuration, options.resume, directory, state, ranks)
        firstStep = start.step
        best = start.best
        try learningRate.restore(start.learningRate)
        decisions = start.decisions
        keeper = try RunSetup.keeper(configuration, directory, ranks, firstStep: start.step)
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
            let model = try Model(name: name, input: input, layers: configuration.model.layers(classes: classes))
            guard model.outputShape == [classes] else {
                throw TrainingError.outputMismatch(model: name, outputs: model.outputShape.dimensions, classes: classes)
            }
            return (model, configuration.loss.objective)
        }
    }

    private static func replica(
        _ configuration: RunConfiguration, _ model: Model, _ values: FlatBuffer, _ plan: BatchPlan, _ ranks: Ranks, _ threads: Int
    ) throws -> Replica {
        try ranks.together {
            if ranks.worldSize > plan.grainsPerStep {
                throw TrainingError.moreRanksThanGrains(
                    ranks: ranks.worldSize, grains: plan.grainsPerStep, batch: configuration.batch, grain: configuration.grain)
            }
        }
        return try Replica(
            model: model, values: values, threads: threads, grainCount: plan.grainsPerStep, ranks: ranks, wire: configuration.wire)
    }

    private static func keeper(
        _ configuration: RunConfiguration, _ directory: RunDirectory, _ ranks: Ranks, firstStep: Int
    ) throws -> CheckpointKeeper? {
        var keeper: CheckpointKeeper?
        try ranks.together {
            if ranks.rank == 0 {
                try AtomicFile.write(text: configuration.resolvedYAML(), to: directory.configuration)
                keeper = try CheckpointKeeper(
                    directory, configuration.checkpoint, fingerprint: configuration.fingerprintText,
                    step: firstStep > 0 ? firstStep : -1)
            }
        }
        return keeper
    }

    // MARK: - Resuming

    private struct Start: Codable {
        var step = 0
        var best: Checkpoint.BestMetric?
        var learningRate: [String: String] = [:]
        var notes: [String] = []
        var source: String?

        var decisions: [DecisionRecord] {
            let fallbacks = notes.map { DecisionRecord(step: step, kind: .checkpointFallback, reason: $0) }
            guard let source else { return fallbacks }
            return fallbacks + [DecisionRecord(step: step, kind: .resume, reason: "resumed from \(source) at step \(step)")]
        }
    }

    /// Rank 0 finds and loads the checkpoint; everyone gets its values.
    private static func resume(
        _ configuration: RunConfiguration, _ resume: RunOptions.Resume, _ directory: RunDirectory, _ state: TrainingState,
        _ ranks: Ranks
    ) throws -> Start {
        var start = Start()
        try ranks.together {
            guard ranks.rank == 0 else { return }
            if resume == .never { _ = try directory.setAside() }
            try directory.create()
            start = try load(configuration, resume, directory, state)
        }
        start = try ranks.broadcast { start }
        if start.source != nil { try state.share(ranks) }
        return start
    }

    private static func load(
        _ configuration: RunConfiguration, _ resume: RunOptions.Resume, _ directory: RunDirectory, _ state: TrainingState
    ) throws -> Start {
        var start = Start()
        let store = try CheckpointStore(directory: directory.checkpoints, keep: configuration.checkpoint.keep)
        let checkpoint: Checkpoint
        let path: String
        if case .file(let file) = resume {
            checkpoint = try store.load(file)
            path = file
        } else {
            let recovery = try store.newestGood()
            start.notes = recovery.damaged.map(\.description)
            guard let found = recovery.checkpoint, let place = recovery.path else { return start }
            checkpoint = found
            path = place
        }
        guard checkpoint.configFingerprint == configuration.fingerprintText else {
            throw TrainingError.otherConfiguration(
                directory: path, expected: configuration.fingerprintText, found: checkpoint.configFingerprint)
        }
        let best = checkpoint.best.map { $0.step == checkpoint.step ? path : path.directory + "/" + store.path(step: $0.step).lastComponent }
        try state.restore(checkpoint, best: state.keepsBest ? try best.map(store.load) : nil)
        start.step = checkpoint.step
        start.best = checkpoint.best
        start.learningRate = try checkpoint.state.value([String: String].self, for: CheckpointKeeper.learningRateKey) ?? [:]
        start.source = path
        return start
    }
}

extension String {
    /// The path without its last part.
    fileprivate var directory: String { (self as NSString).deletingLastPathComponent }
    fileprivate var lastComponent: String { (self as NSString).lastPathComponent }
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
        let spans = trainable.map { ParameterSpan(name: $0.name, offset: model.layout.offsets[$0.index], count: $0.shape.count) }
        // The first group that matches a parameter holds; later rules override earlier ones.
        let rules = optimizer.groups.reversed().flatMap { group in
            group.match.map { pattern in
                GroupRule(
                    pattern, learningRateFactor: group.learningRateFactor, weightDecay: group.weightDecay ?? optimizer.weightDecay,
                    isFrozen: group.learningRateFactor == 0)
            }
        }
        let groups = try ParameterGroups(spans, defaults: GroupSettings(weightDecay: optimizer.weightDecay), rules: rules)
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
        case .rmsprop(let decay, let epsilon, let momentum): try RMSprop(decay: decay, epsilon: epsilon, momentum: momentum)
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
