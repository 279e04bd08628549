import ConfigurationReading
import TensorCore

/// Something that is measured on an output and its target, beside the loss.
///
/// A new metric is one file with its sums and its keys, where it has some (a ``MetricEntry``), and a line in
/// ``metricCatalogue``.
package protocol Metric: Equatable, Sendable {
    /// What it is called where it is measured once; with its keys, where they make it another metric.
    var description: MetricDescription { get }
    /// How the value follows from the sums.
    var transform: MetricDefinition.Transform { get }
    /// The targets that it can be measured on.
    var targets: MetricTargets { get }

    /// What a grain adds to numerator, denominator and so on: `transform.slotCount` sums.
    ///
    /// - Parameters:
    ///   - output: [N, …, K] scores of K classes a row, or [N, …] values.
    ///   - target: a class a row, or as many values.
    func sums(_ output: Tensor, _ target: Target) -> [Double]

    /// The metric on a field, where it has to know of how many classes that is.
    func measuring(_ field: FieldDescription) -> any Metric

    /// Why it can't compare such an output of one sample with such a field; nil where it can.
    func problem(output: Shape, target: FieldDescription) -> String?
}

extension Metric {
    package func isEqual(to other: any Metric) -> Bool { (other as? Self) == self }
    package func measuring(_ field: FieldDescription) -> any Metric { self }
    package func problem(output: Shape, target: FieldDescription) -> String? {
        elementwiseProblem(output: output, target: target)
    }
}

/// The kinds of target that a metric can be measured on.
package enum MetricTargets: String, Sendable {
    case classes, values

    /// What a field can be measured as.
    init(_ field: FieldDescription) { self = field.meaning.choiceCount == nil ? .values : .classes }

    /// For messages.
    var words: String { self == .classes ? "classes" : "numbers" }
}

package typealias MetricEntry = CatalogueEntry<any Metric>

extension MetricEntry {
    /// A metric without keys.
    fileprivate init(_ metric: any Metric, otherNames: [String] = []) {
        self.init(metric.description.name, metric.description.documentation, otherNames: otherNames) { _ in metric }
    }

    /// The metric with all keys at their defaults.
    package var usual: any Metric { read(.silent()) }
}

/// Every metric that a configuration can name.
package let metricCatalogue: [MetricEntry] =
    [
        MetricEntry(
            Accuracy(),
            otherNames: ["SparseCategoricalAccuracy", "CategoricalAccuracy", "BinaryAccuracy", "acc"]),
        MetricEntry(TopKError(k: 1)),
        MetricEntry(TopKError(k: 5), otherNames: ["TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"]),
        Perplexity.entry,
        MetricEntry(BitsPerCharacter()),
        MetricEntry(RootMeanSquareError(), otherNames: ["RootMeanSquaredError", "MeanSquaredError", "mse"]),
        MetricEntry(SquaredError()),
        MetricEntry(MeanAbsoluteError(), otherNames: ["MeanAbsoluteError", "l1"]),
        MetricEntry(CoefficientOfDetermination(), otherNames: ["R2Score"]),
        MetricEntry(
            MeanIntersectionOverUnion(), otherNames: ["MeanIoU", "mIoU", "JaccardIndex", "MulticlassJaccardIndex"]),
        MetricEntry(BoxIntersectionOverUnion(), otherNames: ["IntersectionOverUnion", "iou", "box_iou"]),
        MetricEntry(PointDistance()),
    ] + ClassRate.entries

extension MetricDescription {
    /// What is known of a metric of this name in logs: `accuracy`, or that of one of several things, `digitAccuracy`.
    package static func logged(_ name: String) -> MetricDescription {
        let known = metricCatalogue.map(\.usual.description) + [.loss]
        if let same = known.first(where: { $0.name == name }) { return same }
        // Of `squaredError` and `error` the longer one says most.
        let endings = known.filter { name.hasSuffix($0.name.capitalisedFirst) }
        guard let metric = endings.max(by: { $0.name.count < $1.name.count }) else { return MetricDescription(name) }
        return metric.named(of: String(name.dropLast(metric.name.count)))
    }
}

/// What is measured when a configuration does not say.
package func usualMetrics(for targets: MetricTargets) -> [any Metric] {
    switch targets {
    case .classes: [Accuracy()]
    case .values: [RootMeanSquareError(), MeanAbsoluteError()]
    }
}
