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
    ///   - batch: samples of a step.
    ///   - planned: its length without `maxSteps`, where that only cuts it short.
    /// - Throws: `ConfigurationError` for values that the schedule can't have, `TrainingError.unknownMonitor`.
    init(
        _ configuration: PhaseConfiguration, monitor usual: String?, _ metrics: [MetricDefinition],
        batch: Int, length: TrainingLength, planned: TrainingLength
    ) throws {
        let base = configuration.learningRate(batch: batch)
        let monitor = try Monitor(configuration.schedule.plateau.map(\.monitor) ?? usual, metrics)
        self.monitor = monitor
        do {
            plateau = try configuration.schedule.plateau.map { rule in
                try PlateauRule(
                    rate: base, factor: rule.factor, patience: rule.patience, cooldown: rule.cooldown,
                    minDelta: rule.minDelta, minimumRate: rule.minimumRate, rollback: rule.rollback,
                    lowerIsBetter: !monitor.higherIsBetter, bestPossible: monitor.bestPossible)
            }
            schedule = try LearningRateSchedule(
                configuration.schedule.schedule, warmUp: configuration.warmUp(batch: batch), baseRate: base,
                length: length, planned: planned)
        } catch let error as OptimizationError {
            throw configuration.schedule.refusal(error)
        }
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

    /// The state for checkpoints and the other ranks: the plateau rule's, and the rate that it began with.
    var state: [String: String] {
        var state = plateau?.state ?? [:]
        state[LearningRate.baseKey] = String(schedule.baseRate.bitPattern, radix: 16)
        return state
    }

    /// Takes over a state; what a plateau rule has made of another learning rate, it makes of this one.
    mutating func restore(_ state: [String: String]) throws {
        guard plateau != nil, !state.isEmpty else { return }
        try plateau?.restore(state)
        if let change = change(since: state) { plateau?.rescale(by: change.to / change.from) }
    }

    /// How the learning rate of the configuration differs from that of a state; nil where it is the same.
    func change(since state: [String: String]) -> (from: Double, to: Double)? {
        guard let bits = state[LearningRate.baseKey].flatMap({ UInt64($0, radix: 16) }) else { return nil }
        let old = Double(bitPattern: bits)
        return old == schedule.baseRate || !(old > 0) ? nil : (old, schedule.baseRate)
    }

    private static let baseKey = "baseRate"
}
