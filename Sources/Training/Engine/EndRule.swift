import NeuralNetwork
import Optimization

/// When a run ends before its last step: early stopping with the metric that it goes by, a training loss that is small
/// enough, or a metric that has come near a value.
struct EndRule: Sendable {
    /// Early stopping; nil where the run has none.
    private var stopping: (rule: EarlyStopping, monitor: Monitor)?
    /// Nil where no training loss ends the run.
    private var target: LossTarget?
    /// With the phase that has the metric; nil where no metric's value ends the run.
    private var band: (rule: TargetBand, monitor: Monitor, phase: Int)?

    /// Nil where the configuration has none.
    ///
    /// - Parameter metrics: of each phase.
    /// - Throws: `OptimizationError` for values that the rule can't have, `TrainingError.unknownMonitor`.
    init?(_ configuration: RunConfiguration, _ metrics: [[MetricDefinition]]) throws {
        if configuration.earlyStopping == nil, configuration.stop == nil { return nil }
        stopping = try configuration.earlyStopping.map { stopping in
            let monitor = try Monitor(stopping.monitor, metrics[0])
            let rule = try EarlyStopping(
                patience: stopping.patience, minDelta: stopping.minDelta, lowerIsBetter: !monitor.higherIsBetter)
            return (rule, monitor)
        }
        target = configuration.stop?.trainLoss.map { LossTarget(limit: $0) }
        band = try configuration.stop?.near.map { near in
            let monitor = try Monitor(near.monitor.name, metrics.flatMap(\.self))
            let phase = metrics.firstIndex { (try? Monitor(near.monitor.name, $0)) != nil } ?? 0
            let rule = TargetBand(value: near.value, tolerance: near.within, validations: near.validations)
            return (rule, monitor, phase)
        }
    }

    /// Whether the run has ended; known from a checkpoint, too.
    var isOver: Bool { hasStoppedEarly || hasReachedTarget || hasComeNear }

    /// Whether validation has ended it because nothing improves.
    var hasStoppedEarly: Bool { stopping?.rule.isOver ?? false }

    /// Whether the training loss has ended it.
    var hasReachedTarget: Bool { target?.isReached ?? false }

    /// Whether a metric has ended it that is where it was to come.
    var hasComeNear: Bool { band?.rule.isReached ?? false }

    /// Takes in a validation.
    ///
    /// - Parameter sums: of the phases that it has measured, by number.
    mutating func observe(_ sums: [Int: MetricSums], step: Int) {
        if let monitor = stopping?.monitor, let own = sums[0] {
            _ = stopping?.rule.observe(metric: monitor.value(of: own), step: step)
        }
        if let band, let own = sums[band.phase] { self.band?.rule.observe(metric: band.monitor.value(of: own)) }
    }

    /// Takes in a step of training.
    mutating func trained(_ sums: MetricSums, endsEpoch: Bool) {
        target?.observe(loss: sums.loss, weight: sums.weight, endsEpoch: endsEpoch)
    }

    /// Why the run ends, where it does.
    var reason: String {
        if let target, let last = target.last, target.isReached {
            return "training ends: the training loss of the last epoch, \(decimal(last)), is at most "
                + decimal(target.limit)
        }
        if let band, let last = band.rule.last, band.rule.isReached {
            let rule = band.rule
            return "training ends: \(band.monitor.name), \(decimal(last)), is within \(decimal(rule.tolerance)) of "
                + "\(decimal(rule.value)) in \(EndRule.validations(rule.count))"
        }
        guard let (rule, monitor) = stopping else { return "training goes on" }
        let best = rule.best.flatMap { best in
            rule.bestStep.map { "\(monitor.name) has not improved on \(decimal(best)) of step \($0)" }
        }
        return "training ends: \(best ?? "\(monitor.name) is not finite") in \(EndRule.validations(rule.badCount))"
    }

    private static func validations(_ count: Int) -> String { "\(count) validation\(count == 1 ? "" : "s")" }

    /// The numbers behind the reason.
    var numbers: [String: Double] {
        if let target, let last = target.last, target.isReached {
            return ["trainLoss": last, "limit": target.limit]
        }
        if let band, let last = band.rule.last, band.rule.isReached {
            return [band.monitor.name: last, "value": band.rule.value, "within": band.rule.tolerance]
        }
        guard let rule = stopping?.rule else { return [:] }
        var numbers = ["badCount": Double(rule.badCount)]
        numbers["best"] = rule.best
        numbers["bestStep"] = rule.bestStep.map(Double.init)
        return numbers
    }

    /// The rules' state for checkpoints and the other ranks.
    var state: [String: String] {
        [stopping?.rule.state, target?.state, band?.rule.state].compactMap(\.self).reduce(into: [:]) { all, own in
            all.merge(own) { first, _ in first }
        }
    }

    mutating func restore(_ state: [String: String]) throws {
        if state.isEmpty { return }
        try stopping?.rule.restore(state)
        try target?.restore(state)
        try band?.rule.restore(state)
    }
}
