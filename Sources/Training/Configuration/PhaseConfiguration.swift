import ConfigurationReading
import NeuralNetwork
import Optimization

/// What a phase of training computes, what it changes, and how; a run without `phases` is one phase.
package struct PhaseConfiguration: Sendable {
    package let name: String
    package let objective: any ObjectiveSpecification
    /// Patterns of the parameters that it may change; nil for all that its loss depends on.
    package let train: [PlacedName]?
    /// Patterns of the parameters that it leaves as they are, statistics included.
    package let freeze: [PlacedName]
    package let optimizer: OptimizerConfiguration
    package let schedule: ScheduleConfiguration
    /// The gradient's largest L2 norm over all parameters; a longer one is shortened to it. Nil for no limit.
    package let clipNorm: Double?
    /// The largest absolute value of each element of the gradient; nil for no limit.
    package let clipValue: Double?
    /// Whether the variance of its gradient is a metric.
    package let measuresGradientVariance: Bool
    /// Layers whose gradient is recorded step by step; nil for none.
    package let gradientOverSteps: [PlacedName]?
    /// What it is trained on, where that is not the run's data.
    package let data: DataConfiguration?
    /// How long it trains, in a sequence altogether, in alternation at a turn; nil for a run of one phase.
    package let length: TrainingInterval?
    /// Where it stands, for errors.
    let place: PlacedName
}

extension PhaseConfiguration: Equatable {
    package static func == (a: PhaseConfiguration, b: PhaseConfiguration) -> Bool {
        a.name == b.name && a.objective.isEqual(to: b.objective) && a.train == b.train && a.freeze == b.freeze
            && a.optimizer == b.optimizer && a.schedule == b.schedule && a.clipNorm == b.clipNorm
            && a.clipValue == b.clipValue && a.measuresGradientVariance == b.measuresGradientVariance
            && a.gradientOverSteps == b.gradientOverSteps && a.data == b.data && a.length == b.length
    }
}

extension PhaseConfiguration: ConfigurationSection {
    package static var title: String { "phase" }

    package init(from reader: ConfigurationReader) {
        let name = reader.required("name", .identifier, "Names the phase in logs, metrics and checkpoints.")
        let length = TrainingInterval.optional(
            epochs: "epochs", steps: "steps", from: reader,
            "How long the phase is: altogether in a sequence, at a turn (1 step if absent) in alternation")
        reader.excludeEachOther("epochs", "steps")
        let own: PhaseData? = reader.optional(
            "data", .section(),
            "What the phase is trained on instead of the run's data: the same fields, with the run's preprocessing and "
                + "augmentation. Later phases go on measuring it.")
        self.init(named: name, length: length, data: own?.data, from: reader)
    }

    /// The keys that stand at the top level of a run of one phase, or in each of several.
    init(
        named name: String, length: TrainingInterval? = nil, data: DataConfiguration? = nil,
        from reader: ConfigurationReader
    ) {
        self.name = name
        self.data = data
        self.length = length
        objective = Self.objective(from: reader)
        train = reader.optional(
            "train", .oneOrMore(of: .placedName),
            "Patterns of the parameters that may change: `encoder.*`; all that the loss depends on if absent.")
        freeze =
            reader.optional(
                "freeze", .oneOrMore(of: .placedName),
                "Patterns of the parameters that stay as they are; a frozen batchNorm uses its running statistics.")
            ?? []
        optimizer = reader.required("optimizer", .section(), "How gradients change the weights.")
        schedule = reader.value("schedule", .section(), default: "constant", "How the learning rate changes.")
        clipNorm = reader.optional(
            "clipNorm", .number(above: 0), "Longer gradients are shortened to this L2 norm over all parameters.")
        clipValue = reader.optional(
            "clipValue", .number(above: 0), "Each element of the gradient is brought within ± this.")
        reader.excludeEachOther("clipNorm", "clipValue")
        measuresGradientVariance = reader.value(
            "gradientVariance", .flag, default: false, influencesWeights: false,
            "Whether the variance of the gradient between mini-batches, as a step's grains show it, is a metric of "
                + "training.")
        gradientOverSteps = reader.optional(
            "gradientOverSteps", .oneOrMore(of: .placedName), influencesWeights: false,
            "Layers of sequences, such as what feeds a recurrent layer: at each validation the norm of the loss's "
                + "derivative is recorded at each of their steps, which shows how far back in time the loss reaches.")
        place = reader.placed
    }

    /// Losses and metrics, or another kind of training.
    private static func objective(from reader: ConfigurationReader) -> any ObjectiveSpecification {
        let model = reader.optional("of", .placedName, "Which of several models the losses are about.")
        // The default is written out only where it holds, so that the resolved text reads back.
        let hasAnother = reader.entries.contains { ["losses", "objective"].contains($0.key) && !$0.value.isNull }
        let documentation = "What training minimises, unless `losses` or `objective` says it."
        let loss: LossTerm? =
            hasAnother
            ? reader.optional("loss", .section(), documentation)
            : reader.value("loss", .section(), default: "crossEntropy", documentation)
        let losses: [LossTerm]? = reader.optional(
            "losses", .list(of: .section(), atLeast: 1), "Instead of `loss`: several losses, with their weights.")
        let metrics: [MetricTerm]? = reader.optional(
            "metrics", .list(of: .section()), influencesWeights: false,
            "What is measured beside the loss; \(usualMetricNames).")
        let other: ObjectiveChoice? = reader.optional(
            "objective", .section(), "Instead of losses: another kind of training.")
        let views: [TestTimeView]? = reader.optional(
            "testTimeAugmentation", .list(of: .section(), atLeast: 1),
            "Changes of the image, in all combinations: validation, `evaluate` and `predict` average what the model "
                + "says of each.")
        reader.excludeEachOther("testTimeAugmentation", "objective")
        reader.excludeEachOther("loss", "losses", "objective")
        reader.excludeEachOther("metrics", "objective")
        if let metrics, metrics.indices.contains(where: { metrics[..<$0].contains(metrics[$0]) }) {
            reader.refuse("metrics", because: "a metric is named twice; name each once.")
        }
        reader.excludeEachOther("of", "objective")
        if let other { return other.specification }
        return SupervisedSpecification(
            model: model, losses: losses ?? [loss ?? LossTerm(CrossEntropyLoss())], metrics: metrics,
            views: views ?? [])
    }

    /// `usually accuracy for classes, rmse and mae for values`.
    private static let usualMetricNames: String = {
        func names(_ kind: MetricTargets) -> String {
            usualMetrics(for: kind).map(\.description.name).joined(separator: " and ") + " for \(kind.rawValue)"
        }
        return "usually \(names(.classes)), \(names(.values))"
    }()
}
