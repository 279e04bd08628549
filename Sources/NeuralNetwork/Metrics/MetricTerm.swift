import ConfigurationReading
import TensorCore

/// A metric of a named output of the model against a named field of the data.
package struct MetricTerm: Equatable, Sendable {
    package let metric: any Metric
    /// The model's output; nil for that of the first loss.
    package let output: PlacedName?
    /// The field that the output is compared with; nil for that of the loss on the same output.
    package let target: PlacedName?
    let place: PlacedName

    package init(_ metric: any Metric, output: String? = nil, target: String? = nil) {
        self.metric = metric
        self.output = output.map { PlacedName($0) }
        self.target = target.map { PlacedName($0) }
        place = PlacedName(metric.description.name)
    }

    package static func == (a: MetricTerm, b: MetricTerm) -> Bool {
        a.metric.isEqual(to: b.metric) && a.output == b.output && a.target == b.target
    }
}

/// `accuracy`, `{mae: {of: slant}}`.
extension MetricTerm: ConfigurationSection {
    package static var title: String { "metric" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        typealias Part = (metric: any Metric, output: PlacedName?, target: PlacedName?)
        let part: Part = reader.oneOf(
            metricCatalogue.map { entry in
                ConfigurationVariant<Part>.key(entry.name, entry.documentation, otherNames: entry.otherNames) {
                    reader in
                    let output = reader.optional(
                        "of", .placedName, "The layer whose output is measured; that of the first loss if absent.")
                    let target = reader.optional(
                        "target", .placedName,
                        "The field or layer that it should be; that of the loss on the same output if absent.")
                    return (entry.read(reader), output, target)
                }
            })
        metric = part.metric
        output = part.output
        target = part.target
        place = reader.placed
    }
}
