import NeuralNetwork

/// The validation metric that decides about the learning rate, the best weights and the end of training.
package struct Monitor: Equatable, Sendable {
    /// `valLoss`, or `val` and another metric's name or its complement's.
    package let name: String
    private let metric: MetricDefinition
    /// Whether 1 − the metric's value is what counts.
    private let isComplement: Bool

    /// - Parameters:
    ///   - name: nil for the complement of the first metric that has one (the error of a classifier), else the loss.
    ///   - metrics: those of the objective.
    /// - Throws: `TrainingError.unknownMonitor` for a name that is none of these.
    package init(_ name: String?, _ metrics: [MetricDefinition]) throws {
        let all = metrics.flatMap { metric in
            [Monitor(name: metric.description.validationName, metric: metric, isComplement: false)]
                + (metric.description.complementValidationName.map {
                    [Monitor(name: $0, metric: metric, isComplement: true)]
                } ?? [])
        }
        let usual = all.first(where: \.isComplement) ?? all[0]
        guard let found = name.map({ name in all.first { $0.name == name } }) ?? usual else {
            throw TrainingError.unknownMonitor(name: name ?? "", known: all.map(\.name))
        }
        self = found
    }

    private init(name: String, metric: MetricDefinition, isComplement: Bool) {
        self.name = name
        self.metric = metric
        self.isComplement = isComplement
    }

    package var higherIsBetter: Bool { metric.description.higherIsBetter != isComplement }

    /// The best that a share of one can be; nil for other metrics.
    package var bestPossible: Double? {
        guard metric.description.format == .fraction else { return nil }
        return higherIsBetter ? 1 : 0
    }

    /// The number that counts; that of the losses where they are not finite, because outputs that are no numbers are
    /// right by chance only.
    package func value(of sums: MetricSums) -> Double {
        guard sums.loss.isFinite else { return sums.loss }
        let value = metric.value(of: sums)
        return isComplement ? 1 - value : value
    }

    /// Whether `value` is finite and better than `best`, of which there may be none yet.
    package func isBetter(_ value: Double, than best: Double?) -> Bool {
        guard value.isFinite else { return false }
        guard let best else { return true }
        return higherIsBetter ? value > best : value < best
    }
}
