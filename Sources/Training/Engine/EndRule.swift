import NeuralNetwork
import Optimization

/// When a run ends before its last step: early stopping with the metric that it goes by.
struct EndRule: Sendable {
    private var rule: EarlyStopping
    let monitor: Monitor

    /// Nil where the configuration has no early stopping.
    ///
    /// - Throws: `OptimizationError` for values that the rule can't have, `TrainingError.unknownMonitor`.
    init?(_ configuration: EarlyStoppingConfiguration?, _ metrics: [MetricDefinition]) throws {
        guard let configuration else { return nil }
        monitor = try Monitor(configuration.monitor, metrics)
        rule = try EarlyStopping(
            patience: configuration.patience, minDelta: configuration.minDelta, lowerIsBetter: !monitor.higherIsBetter)
    }

    /// Whether the run has ended; known from a checkpoint, too.
    var isOver: Bool { rule.isOver }

    /// Takes in a validation.
    mutating func observe(_ sums: MetricSums, step: Int) {
        _ = rule.observe(metric: monitor.value(of: sums), step: step)
    }

    /// Why the run ends, where it does.
    var reason: String {
        let best = rule.best.flatMap { best in
            rule.bestStep.map { "\(monitor.name) has not improved on \(decimal(best)) of step \($0)" }
        }
        return "training ends: \(best ?? "\(monitor.name) is not finite") in \(rule.badCount) validation"
            + "\(rule.badCount == 1 ? "" : "s")"
    }

    /// The numbers behind the reason.
    var numbers: [String: Double] {
        var numbers = ["badCount": Double(rule.badCount)]
        numbers["best"] = rule.best
        numbers["bestStep"] = rule.bestStep.map(Double.init)
        return numbers
    }

    /// The rule's state for checkpoints and the other ranks.
    var state: [String: String] { rule.state }

    mutating func restore(_ state: [String: String]) throws {
        if !state.isEmpty { try rule.restore(state) }
    }
}
