import NeuralNetwork
import Optimization

/// The learning rate of a phase: a function of its own steps, times what the plateau rule has made of it.
struct LearningRate: Sendable {
    private let schedule: LearningRateSchedule
    /// The plateau rule, where the config has one; its rate starts at the base rate.
    private(set) var plateau: PlateauRule?
    /// What the plateau rule and the best weights go by.
    let monitor: Monitor

    /// - Parameters:
    ///   - monitor: what the best weights go by where the schedule does not say; nil for the usual metric.
    ///   - metrics: those of the phase's objective.
    ///   - length: of the phase, in its own steps.
    /// - Throws: `OptimizationError` for values that the schedule can't have, `TrainingError.unknownMonitor`.
    init(
        _ configuration: PhaseConfiguration, monitor usual: String?, _ metrics: [MetricDefinition],
        length: TrainingLength
    ) throws {
        let base = configuration.optimizer.learningRate
        let monitor = try Monitor(configuration.schedule.plateau.map(\.monitor) ?? usual, metrics)
        plateau = try configuration.schedule.plateau.map { rule in
            try PlateauRule(
                rate: base, factor: rule.factor, patience: rule.patience, cooldown: rule.cooldown,
                minDelta: rule.minDelta, minimumRate: rule.minimumRate, rollback: rule.rollback,
                lowerIsBetter: !monitor.higherIsBetter)
        }
        self.monitor = monitor
        schedule = try LearningRateSchedule(
            configuration.schedule.schedule, warmUp: configuration.schedule.warmup, baseRate: base, length: length)
    }

    /// The rate of the update that follows `step` finished ones.
    func rate(at step: Int) -> Double {
        let scheduled = schedule.rate(at: step)
        guard let plateau else { return scheduled }
        return scheduled * (plateau.rate / schedule.baseRate)
    }

    /// Takes in a validation; only where there is a plateau rule.
    mutating func observe(_ metric: Double, step: Int) -> PlateauRule.Decision? {
        plateau?.observe(metric: metric, step: step)
    }

    /// The plateau rule's state for checkpoints and the other ranks; empty without one.
    var state: [String: String] { plateau?.state ?? [:] }

    mutating func restore(_ state: [String: String]) throws {
        if plateau != nil && !state.isEmpty { try plateau?.restore(state) }
    }
}
