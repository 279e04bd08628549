import NeuralNetwork
import System

/// A metric that runs are compared by.
package struct ComparedMetric: Equatable, Sendable {
    package let description: MetricDescription
    /// Whether it is what the metric leaves to 1, as the error of an accuracy.
    package let isComplement: Bool
    /// Whether it has values in training, or in validation, and they are to be shown.
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
        var seen: [ComparedMetric] = []
        func add(_ values: [MetricValue], to part: WritableKeyPath<ComparedMetric, Bool>) {
            for value in values {
                let place = seen.firstIndex { $0.description == value.description } ?? seen.count
                if place == seen.count {
                    seen.append(
                        ComparedMetric(
                            description: value.description, isComplement: false, showsTraining: false,
                            showsValidation: false))
                }
                seen[place][keyPath: part] = true
            }
        }
        for run in runs {
            for interval in run.history.intervals { add(interval.metrics, to: \.showsTraining) }
            for validation in run.history.validations { add(validation.metrics, to: \.showsValidation) }
        }
        return seen.flatMap { metric in
            if metric.description.complement == nil { return [metric] }
            return [
                metric,
                ComparedMetric(
                    description: metric.description, isComplement: true, showsTraining: metric.showsTraining,
                    showsValidation: metric.showsValidation),
            ]
        }
    }

    /// What users may call it, of the parts that have values.
    private var allNames: [String] {
        [name] + (showsTraining ? [trainingName] : []) + (showsValidation ? [validationName] : [])
    }

    /// The one that a user has named: `accuracy`, or `valAccuracy` for validation alone. Throws ``ComparisonError``.
    static func chosen(_ name: String, from measured: [ComparedMetric]) throws(ComparisonError) -> [ComparedMetric] {
        if measured.isEmpty { throw .nothingMeasured }
        for metric in measured {
            guard metric.allNames.contains(name) else { continue }
            var chosen = metric
            if name != metric.name {
                (chosen.showsTraining, chosen.showsValidation) = (
                    name == metric.trainingName, name == metric.validationName
                )
            }
            return [chosen]
        }
        let all = measured.map(\.name) + measured.flatMap { $0.allNames.dropFirst() }
        throw .unknownMetric(name, nearest: nearestName(to: name, among: all), measured: measured.map(\.name))
    }
}
