/// Ends a run whose validation metric no longer improves.
///
/// Improvement and patience count as in `PlateauRule`: the `patience`-th validation in a row without improvement stops.
package struct EarlyStopping: Equatable, Sendable {
    /// What one validation leads to.
    package enum Decision: Equatable, Sendable {
        case improved
        case waited(badCount: Int)
        /// Training ends; the best weights are those of `bestStep`, nil when no metric was ever finite.
        case stop(bestStep: Int?)
    }

    package let patience: Int
    private var progress: MetricProgress

    /// The best metric so far.
    package var best: Double? { progress.best }
    /// The step at which the best metric was observed.
    package var bestStep: Int? { progress.bestStep }
    /// Validations in a row without improvement.
    package var badCount: Int { progress.badCount }

    /// Throws `outOfRange` unless patience ≥ 1 and minDelta ≥ 0.
    package init(patience: Int, minDelta: Double = 0, lowerIsBetter: Bool = true) throws(OptimizationError) {
        try OptimizationError.require(
            patience >= 1, EarlyStopping.owner, "patience", Double(patience), allowed: "at least 1 validation")
        progress = try MetricProgress(owner: EarlyStopping.owner, lowerIsBetter: lowerIsBetter, minDelta: minDelta)
        self.patience = patience
    }

    /// Whether the latest validations have ended the run.
    package var isOver: Bool { progress.badCount >= patience }

    /// Takes in the metric of the validation at `step` and decides; after a stop it says stop until the metric
    /// improves.
    package mutating func observe(metric: Double, step: Int) -> Decision {
        if progress.improve(metric: metric, step: step) { return .improved }
        progress.countBad()
        return progress.badCount < patience ? .waited(badCount: progress.badCount) : .stop(bestStep: progress.bestStep)
    }

    /// The state for a checkpoint, exact to the bit; hyper-parameters come from the config.
    package var state: [String: String] { progress.exported(owner: EarlyStopping.owner) }

    /// Takes over a state that `state` returned; other keys are ignored. Throws `unreadableState` and changes nothing.
    package mutating func restore(_ state: [String: String]) throws(OptimizationError) {
        var restored = progress
        try restored.restore(state, owner: EarlyStopping.owner)
        progress = restored
    }

    private static let owner = "earlyStopping"
}
