import ConfigurationReading
import TensorCore

/// A metric of a named output of the model against a named field of the data.
package struct MetricTerm: Equatable, Sendable {
    /// The metric's name in ``metricCatalogue``.
    package let metric: String
    /// The model's output; nil for that of the first loss.
    package let output: PlacedName?
    /// The field that the output is compared with; nil for that of the loss on the same output.
    package let target: PlacedName?
    let place: PlacedName

    package init(_ metric: String, output: String? = nil, target: String? = nil) {
        self.metric = metric
        self.output = output.map { PlacedName($0) }
        self.target = target.map { PlacedName($0) }
        place = PlacedName(metric)
    }

    package static func == (a: MetricTerm, b: MetricTerm) -> Bool {
        a.metric == b.metric && a.output == b.output && a.target == b.target
    }
}

/// `accuracy`, `{mae: {of: slant}}`.
extension MetricTerm: ConfigurationSection {
    package static var title: String { "metric" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        typealias Part = (name: String, output: PlacedName?, target: PlacedName?)
        let part: Part = reader.oneOf(
            metricCatalogue.map { metric in
                let name = metric.description.name
                return ConfigurationVariant<Part>.key(name, metric.description.documentation) { reader in
                    let output = reader.optional(
                        "of", .placedName, "The layer whose output is measured; that of the first loss if absent.")
                    let target = reader.optional(
                        "target", .placedName,
                        "The field that it should be; that of the loss on the same output if absent.")
                    return (name, output, target)
                }
            })
        metric = part.name
        output = part.output
        target = part.target
        place = reader.placed
    }
}
