import NeuralNetwork
import System

/// A metric that runs are compared by.
package struct ComparedMetric: Equatable, Sendable {
    package let description: MetricDescription
    /// Whether it is what the metric leaves to 1, as the error of an accuracy.
    package let isComplement: Bool
    /// Whether its values in training, or in validation, are to be shown.
    package var showsTraining = true
    package var showsValidation = true

    /// As users call it.
    package var name: String { isComplement ? description.complement ?? description.name : description.name }

    /// What stands above its charts.
    var title: String {
        isComplement ? "\(name.prefix(1).uppercased() + name.dropFirst()) (1 − \(description.name))" : description.title
    }

    /// `trainLoss`.
    var trainingName: String { "train" + name.prefix(1).uppercased() + name.dropFirst() }
    /// `valLoss`.
    var validationName: String { "val" + name.prefix(1).uppercased() + name.dropFirst() }

    func shown(_ value: Double) -> Double { isComplement ? 1 - value : value }

    /// Whether the table has its last value in training: of losses.
    var isLoss: Bool { name.lowercased().hasSuffix("loss") }

    /// What the runs measure, each with its complement behind it, in the order of the logs.
    static func all(of runs: [RecordedRun]) -> [ComparedMetric] {
        var seen: [MetricDescription] = []
        for run in runs {
            for values in run.history.intervals.lazy.map(\.metrics) + run.history.validations.lazy.map(\.metrics) {
                for value in values where !seen.contains(value.description) { seen.append(value.description) }
            }
        }
        return seen.flatMap { metric in
            [ComparedMetric(description: metric, isComplement: false)]
                + (metric.complement == nil ? [] : [ComparedMetric(description: metric, isComplement: true)])
        }
    }

    /// The one that a user has named: `accuracy`, or `valAccuracy` for validation alone. Throws ``ComparisonError``.
    static func chosen(_ name: String, from measured: [ComparedMetric]) throws(ComparisonError) -> [ComparedMetric] {
        if measured.isEmpty { throw .nothingMeasured }
        for metric in measured {
            var chosen = metric
            if name == metric.name { return [chosen] }
            (chosen.showsTraining, chosen.showsValidation) = (
                name == metric.trainingName, name == metric.validationName
            )
            if chosen.showsTraining || chosen.showsValidation { return [chosen] }
        }
        let names = measured.map(\.name)
        let all = names + measured.flatMap { [$0.trainingName, $0.validationName] }
        throw .unknownMetric(name, nearest: nearestName(to: name, among: all), measured: names)
    }
}
