import Autograd
import ConfigurationReading
import NeuralNetwork
import Optimization

/// A part of training: what is computed, what may change, and by which rule.
///
/// Phases follow each other or alternate (``PhaseOrder``). Each has its own optimiser slots and its own count of steps.
struct TrainingPhase: Sendable {
    let name: String
    let objective: any Objective
    /// What may change, and where everything stands in a grain's vector.
    let vector: GrainVectorLayout
    let optimizer: Optimizer
    /// What measures the gradient's variance; nil where nobody asks.
    let noise: GradientNoise?
    /// What measures how strongly the loss depends on each step of a sequence; nil where nobody asks.
    let stepGradients: StepGradients?
    /// Of its optimiser's slots in checkpoints: empty in a run of one phase, else the phase's name and a hyphen.
    let slotPrefix: String

    /// Where the trained weights' gradients lie.
    var trained: GradientLayout { vector.trained }

    /// - Parameters:
    ///   - samplesPerGrain: at most.
    ///   - stepCount: updates of the whole phase; where nothing is trained, any.
    ///   - isOnly: whether the run has no other phase; then metrics have no phase before their names.
    /// - Throws: `ConfigurationError` for a phase that trains nothing, `OptimizationError`.
    init(
        _ configuration: PhaseConfiguration, _ setup: ObjectiveSetup, samplesPerGrain: Int, stepCount: Int = 1,
        isOnly: Bool
    ) throws {
        name = configuration.name
        let made = try configuration.objective.make(setup)
        if !made.readsNeighbours, let model = setup.network.models.first(where: { $0.hops > 0 }) {
            throw configuration.place.refused(
                because: "the model \(model.name) reads neighbours in a graph, which losses on its outputs can follow "
                    + "and this objective can't; use losses, or layers without neighbours.")
        }
        if setup.mixesSamples,
            let field = setup.fields.first(where: { $0.elementType == .int32 && made.inputFields.contains($0.name) })
        {
            throw configuration.place.refused(
                because: "its model is given '\(field.name)', of which mixup and cutmix make shares of two; take them "
                    + "out of data.augment.")
        }
        let measuring = configuration.measuresGradientVariance ? NoiseMeasuringObjective(made) : nil
        let whole: any Objective = measuring ?? made
        objective = isOnly ? whole : NamedObjective(whole, phase: configuration.name)
        let layout = setup.network.layout
        let set = try configuration.trainedSet(layout, reaching: made.models, only: made.parameters, setup.network)
        vector = GrainVectorLayout(
            GradientLayout(layout, set), metrics: objective.zeroSums.values.count, flags: TrainingPhase.flagCount,
            samplesPerGrain: samplesPerGrain)
        let optimizer = try configuration.makeOptimizer(vector.trained, stepCount: stepCount)
        self.optimizer = optimizer
        noise = measuring.map { GradientNoise(groups: optimizer.groups, slot: $0.slot) }
        stepGradients = try configuration.gradientOverSteps.map { try StepGradients(made, of: $0) }
        slotPrefix = isOnly ? "" : configuration.name + "-"
    }

    /// A rank's wish to stop, and its wish for a checkpoint.
    static let flagCount = 2
}

/// An objective whose metrics have the phase's name before theirs: `discriminatorLoss`.
private struct NamedObjective: WrappingObjective {
    let base: any Objective
    private let phase: String
    let metrics: [MetricDefinition]

    init(_ base: any Objective, phase: String) {
        self.init(base, phase: phase, metrics: base.metrics.map { $0.named(of: phase) })
    }

    private init(_ base: any Objective, phase: String, metrics: [MetricDefinition]) {
        self.base = base
        self.phase = phase
        self.metrics = metrics
    }

    func judging(_ field: String, of target: String) -> (any Objective)? {
        base.judging(field, of: target).map { NamedObjective($0, phase: phase, metrics: metrics) }
    }
    func judging(reconstructionOf field: String, by reconstruct: @escaping Reconstruction) -> (any Objective)? {
        base.judging(reconstructionOf: field, by: reconstruct).map { NamedObjective($0, phase: phase) }
    }
}

extension PhaseConfiguration {
    /// What the phase may change: what its patterns name, of the models that its loss depends on.
    ///
    /// - Parameter only: the names of those that the loss depends on, where these are not all.
    /// - Throws: `ConfigurationError` for a pattern that names nothing, and where nothing is left.
    package func trainedSet(
        _ layout: ModelLayout, reaching models: [String], only: [String]? = nil, _ network: Network
    ) throws -> ParameterSet {
        let reached = network.models.filter { models.contains($0.name) }.flatMap { $0.parameters.map(\.name) }
            .filter { only?.contains($0) ?? true }
        func matching(_ patterns: [PlacedName]) throws -> Set<String> {
            var result: Set<String> = []
            for pattern in patterns {
                let rule = ParameterPattern(pattern.name)
                let names = layout.parameters.map(\.name).filter(rule.matches)
                if names.isEmpty {
                    throw pattern.refused(
                        because: "no parameter is named like this; there are: "
                            + "\(layout.parameters.prefix(40).map(\.name).joined(separator: ", ")).")
                }
                result.formUnion(names)
            }
            return result
        }
        var names = Set(reached)
        if let train { names.formIntersection(try matching(train)) }
        names.subtract(try matching(freeze))
        // Nobody learns or freezes state: a layer that runs leaves it behind.
        let state = Set(layout.parameters.filter { $0.role == .carried }.map(\.name))
        names.formUnion(state.intersection(reached))
        let set = ParameterSet(layout, names: names.contains)
        if !layout.parameters.contains(where: { $0.isTrainable && set.contains($0.index) }) {
            throw place.refused(
                because: "it trains nothing: no weight of \(models.joined(separator: ", ")) is left; "
                    + "change `train` and `freeze`.")
        }
        return set
    }

    /// The update rule over the trained weights, in their compact coordinates.
    ///
    /// - Parameter stepCount: updates of the whole phase.
    package func makeOptimizer(_ trained: GradientLayout, stepCount: Int = 1) throws -> Optimizer {
        let spans = trained.order.map { index in
            let parameter = trained.arena.parameters[index]
            let shape = parameter.shape
            return ParameterSpan(
                name: parameter.name, offset: trained.offset(of: index) ?? 0, count: shape.count,
                rowLength: shape.rank > 1 ? shape.count / shape[0] : nil)
        }
        // The first group that matches a parameter holds; later rules override earlier ones.
        let rules = optimizer.groups.reversed().flatMap { group in
            group.match.map { pattern in
                GroupRule(
                    pattern, learningRateFactor: group.learningRateFactor,
                    weightDecay: group.weightDecay ?? optimizer.weightDecay, l1: group.l1 ?? optimizer.l1,
                    maxNorm: (group.maxNorm ?? optimizer.maxNorm).map { $0 > 0 ? $0 : .infinity },
                    weightLimit: (group.clipWeights ?? optimizer.clipWeights).map { $0 > 0 ? $0 : .infinity },
                    isFrozen: group.learningRateFactor == 0)
            }
        }
        let defaults = GroupSettings(
            weightDecay: optimizer.weightDecay, l1: optimizer.l1, maxNorm: optimizer.maxNorm ?? .infinity,
            weightLimit: optimizer.clipWeights ?? .infinity)
        let untrained = trained.arena.parameters.filter { $0.isTrainable && trained.offset(of: $0.index) == nil }
        let groups = try ParameterGroups(spans, untrained: untrained.map(\.name), defaults: defaults, rules: rules)
        let clipping =
            clipNorm.map { GradientClipping.globalNorm(maximum: $0) }
            ?? clipValue.map { GradientClipping.value(limit: $0) } ?? .none
        return try Optimizer(
            rule: optimizer.rule, groups: groups, clipping: clipping, lookahead: optimizer.lookahead,
            stepCount: stepCount)
    }
}
