import NeuralNetwork
import Optimization

/// When a run ends before its last step: early stopping with the metric that it goes by, or a training loss that is
/// small enough.
struct EndRule: Sendable {
    /// Early stopping; nil where the run has none.
    private var stopping: (rule: EarlyStopping, monitor: Monitor)?
    /// Nil where no training loss ends the run.
    private var target: LossTarget?

    /// Nil where the configuration has neither.
    ///
    /// - Throws: `OptimizationError` for values that the rule can't have, `TrainingError.unknownMonitor`.
    init?(_ configuration: RunConfiguration, _ metrics: [MetricDefinition]) throws {
        if configuration.earlyStopping == nil, configuration.stop == nil { return nil }
        stopping = try configuration.earlyStopping.map { stopping in
            let monitor = try Monitor(stopping.monitor, metrics)
            let rule = try EarlyStopping(
                patience: stopping.patience, minDelta: stopping.minDelta, lowerIsBetter: !monitor.higherIsBetter)
            return (rule, monitor)
        }
        target = configuration.stop.map { LossTarget(limit: $0.trainLoss) }
    }

    /// Whether the run has ended; known from a checkpoint, too.
    var isOver: Bool { hasStoppedEarly || hasReachedTarget }

    /// Whether validation has ended it.
    var hasStoppedEarly: Bool { stopping?.rule.isOver ?? false }

    /// Whether the training loss has ended it.
    var hasReachedTarget: Bool { target?.isReached ?? false }

    /// Takes in a validation.
    mutating func observe(_ sums: MetricSums, step: Int) {
        guard let monitor = stopping?.monitor else { return }
        _ = stopping?.rule.observe(metric: monitor.value(of: sums), step: step)
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
        guard let (rule, monitor) = stopping else { return "training goes on" }
        let best = rule.best.flatMap { best in
            rule.bestStep.map { "\(monitor.name) has not improved on \(decimal(best)) of step \($0)" }
        }
        return "training ends: \(best ?? "\(monitor.name) is not finite") in \(rule.badCount) validation"
            + "\(rule.badCount == 1 ? "" : "s")"
    }

    /// The numbers behind the reason.
    var numbers: [String: Double] {
        if let target, let last = target.last, target.isReached {
            return ["trainLoss": last, "limit": target.limit]
        }
        guard let rule = stopping?.rule else { return [:] }
        var numbers = ["badCount": Double(rule.badCount)]
        numbers["best"] = rule.best
        numbers["bestStep"] = rule.bestStep.map(Double.init)
        return numbers
    }

    /// The rules' state for checkpoints and the other ranks.
    var state: [String: String] {
        (stopping?.rule.state ?? [:]).merging(target?.state ?? [:]) { first, _ in first }
    }

    mutating func restore(_ state: [String: String]) throws {
        if state.isEmpty { return }
        try stopping?.rule.restore(state)
        try target?.restore(state)
    }
}
