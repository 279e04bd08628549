/// Validation-driven decay: keep the rate while the validation metric improves, else lower it and go back to the best
/// step.
///
/// A validation improves when its metric is finite and better than the best so far by more than `minDelta`; the first
/// finite one does. The `patience`-th validation in a row that does not improve multiplies the rate by `factor`, but
/// not below `minimumRate`: with patience 1 the first bad validation decays, as Keras counts (PyTorch's patience is one
/// less). The next `cooldown` validations after a decay are not counted as bad. At the minimum nothing decays or rolls
/// back. A metric that is as good as it can be, such as an error of 0, is not bad either.
///
/// The rule is a pure value: rank 0 observes, every rank follows the decision. Rolling back restores weights, optimiser
/// state and running statistics but never this state, which would decay for ever in the same place.
package struct PlateauRule: Equatable, Sendable {
    /// What one validation leads to.
    package enum Decision: Equatable, Sendable {
        /// The metric is the best so far: save this step as the best.
        case improved
        /// The metric did not improve for `badCount` counted validations, fewer than the patience.
        case waited(badCount: Int)
        /// The metric did not improve, within the cooldown after a decay.
        case coolingDown
        /// The rate falls; training continues from the state of `rollbackToStep`, or from here when that is nil.
        case decayed(from: Double, to: Double, rollbackToStep: Int?)
        /// The patience is over but the rate is as low as it may be.
        case atMinimum
    }

    /// 0.5 in the decks, 0.1 for AlexNet.
    package let factor: Double
    package let patience: Int
    package let cooldown: Int
    package let minimumRate: Double
    /// Whether a decay goes back to the best step.
    package let rollback: Bool
    /// The learning rate now.
    package private(set) var rate: Double
    /// Validations that will still not be counted as bad.
    package private(set) var remainingCooldown = 0
    private var progress: MetricProgress
    private let bestPossible: Double?

    /// The best metric so far.
    package var best: Double? { progress.best }
    /// The step at which the best metric was observed.
    package var bestStep: Int? { progress.bestStep }
    /// Counted validations in a row without improvement.
    package var badCount: Int { progress.badCount }

    /// - Parameter bestPossible: the best value that the metric can have; nil where there is none.
    ///
    /// Throws `outOfRange` unless 0 < factor < 1, patience ≥ 1, cooldown ≥ 0, minDelta ≥ 0 and 0 ≤ minimumRate ≤ rate.
    package init(
        rate: Double, factor: Double = 0.5, patience: Int = 1, cooldown: Int = 0, minDelta: Double = 0,
        minimumRate: Double = 0, rollback: Bool = true, lowerIsBetter: Bool = true, bestPossible: Double? = nil
    ) throws(OptimizationError) {
        func require(_ condition: Bool, _ name: String, _ value: Double, _ allowed: String) throws(OptimizationError) {
            try OptimizationError.require(condition, PlateauRule.owner, name, value, allowed: allowed)
        }
        try require(rate > 0 && rate.isFinite, "learningRate", rate, "learningRate > 0")
        try require(factor > 0 && factor < 1, "factor", factor, "0 < factor < 1")
        try require(patience >= 1, "patience", Double(patience), "at least 1 validation")
        try require(cooldown >= 0, "cooldown", Double(cooldown), "0 or more validations")
        try require(
            minimumRate >= 0 && minimumRate <= rate, "minimumRate", minimumRate, "0 ≤ minimumRate ≤ learningRate")
        progress = try MetricProgress(owner: PlateauRule.owner, lowerIsBetter: lowerIsBetter, minDelta: minDelta)
        self.rate = rate
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.minimumRate = minimumRate
        self.rollback = rollback
        self.bestPossible = bestPossible
    }

    /// Takes in the metric of the validation at `step` and decides.
    package mutating func observe(metric: Double, step: Int) -> Decision {
        let isCooling = remainingCooldown > 0
        remainingCooldown = max(0, remainingCooldown - 1)
        if progress.improve(metric: metric, step: step) { return .improved }
        if isCooling { return .coolingDown }
        if metric == bestPossible { return .waited(badCount: progress.badCount) }
        progress.countBad()
        if progress.badCount < patience { return .waited(badCount: progress.badCount) }
        let lowered = max(rate * factor, minimumRate)
        guard lowered < rate else { return .atMinimum }
        let previous = rate
        rate = lowered
        remainingCooldown = cooldown
        progress.forgetBad()
        return .decayed(from: previous, to: lowered, rollbackToStep: rollback ? progress.bestStep : nil)
    }

    /// Multiplies the rate, when the rate that training began with has been changed by hand.
    package mutating func rescale(by factor: Double) { rate = max(rate * factor, minimumRate) }

    /// The state for a checkpoint, exact to the bit; hyper-parameters come from the config.
    package var state: [String: String] {
        var values = progress.exported(owner: PlateauRule.owner)
        values["\(PlateauRule.owner).rate"] = StateText.text(rate)
        values["\(PlateauRule.owner).remainingCooldown"] = String(remainingCooldown)
        return values
    }

    /// Takes over a state that `state` returned; other keys are ignored. Throws `unreadableState` and changes nothing.
    package mutating func restore(_ state: [String: String]) throws(OptimizationError) {
        let reader = StateText(owner: PlateauRule.owner, values: state)
        var restored = self
        restored.rate = try reader.double("rate")
        restored.remainingCooldown = try reader.count("remainingCooldown")
        try restored.progress.restore(state, owner: PlateauRule.owner)
        self = restored
    }

    private static let owner = "plateau"
}
