import ConfigurationReading
import Optimization

/// How gradients change the weights.
package struct OptimizerConfiguration: Sendable {
    /// The rule with its own hyper-parameters.
    package let rule: any UpdateRule
    /// The rate before the schedule changes it, for the batch of `scaling`.
    package let learningRate: Double
    /// The batch that the rate is stated for; nil for whatever batch there is.
    package let scaling: BatchScaling?
    /// L2 penalty; with `adamw` decoupled from the gradient.
    package let weightDecay: Double
    /// L1 penalty: adds l1·sign(Θ) to the gradient.
    package let l1: Double
    /// The largest L2 norm of a unit's incoming weights after an update; nil for no limit.
    package let maxNorm: Double?
    /// The largest absolute value of a parameter's elements after an update; nil for no limit.
    package let clipWeights: Double?
    /// Slow weights around the rule; nil for none.
    package let lookahead: Lookahead?
    /// Exceptions for some parameters; the first group that matches a parameter holds.
    package let groups: [ParameterGroup]
    /// Where it stands, for errors.
    let place: PlacedName
}

extension OptimizerConfiguration: Equatable {
    package static func == (a: OptimizerConfiguration, b: OptimizerConfiguration) -> Bool {
        a.rule.isEqual(to: b.rule) && a.learningRate == b.learningRate && a.scaling == b.scaling
            && a.weightDecay == b.weightDecay && a.l1 == b.l1 && a.maxNorm == b.maxNorm
            && a.clipWeights == b.clipWeights && a.lookahead == b.lookahead && a.groups == b.groups
    }
}

extension OptimizerConfiguration: ConfigurationSection {
    package static var title: String { "optimizer" }
    package static var shortForm: ConfigurationShortForm { .value(of: "name") }

    package init(from reader: ConfigurationReader) {
        let rules = updateRuleCatalogue.map { entry in
            ConfigurationVariant<any UpdateRule>.named(entry.name, entry.documentation) { entry.read($0) }
        }
        rule = reader.tagged(by: "name", rules, "Which update rule.")
        learningRate = reader.required("learningRate", .number(above: 0), "The rate before the schedule changes it.")
        scaling = reader.optional(
            "forBatch", .section(),
            "The batch that the learning rate is stated for: with another it is scaled, and rises to a larger one over "
                + "the first epochs.")
        weightDecay = reader.value(
            "weightDecay", .number(in: 0...), default: 0, "L2 penalty; `adamw` applies it apart from the gradient.")
        l1 = reader.value("l1", .number(in: 0...), default: 0, "L1 penalty: drives weights to zero.")
        maxNorm = reader.optional(
            "maxNorm", .number(above: 0),
            "After an update each unit's incoming weights, a row of a matrix or a filter, are scaled back to this L2 "
                + "norm.")
        clipWeights = reader.optional(
            "clipWeights", .number(above: 0),
            "After an update each parameter's elements, biases too, are brought within ± this, as for the critic of a "
                + "Wasserstein GAN.")
        lookahead = reader.optional(
            "lookahead", .section(),
            "Slow weights, which every few updates go a part of the way to where the rule has come; it goes on "
                + "from there."
        )
        groups = reader.value(
            "groups", .list(of: .section()), default: [],
            "Exceptions for some parameters; the first that matches holds.")
        place = reader.placed
    }
}

extension PhaseConfiguration {
    /// The rate that the schedule starts with.
    ///
    /// - Parameter batch: samples of a step.
    func learningRate(batch: Int) -> Double {
        optimizer.learningRate * (optimizer.scaling?.factor(batch: batch) ?? 1)
    }

    /// The rise before the schedule: its own, or that to the rate of a larger batch.
    func warmUp(batch: Int) -> WarmUp? {
        if let own = schedule.warmup { return own }
        return schedule.schedule.hasOwnRise ? nil : optimizer.scaling?.warmUp(batch: batch)
    }
}
