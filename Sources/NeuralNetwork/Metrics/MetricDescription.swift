/// What a reader needs to know of a metric to print it, to draw it and to compare two of its values.
package struct MetricDescription: Codable, Hashable, Sendable {
    /// How the values are written.
    package enum Format: String, Codable, Sendable {
        case number
        /// A share of one: three decimals in a line, per cent in a chart.
        case fraction
    }

    /// In lower camel case, such as `loss`; logs call it `trainLoss` and `valLoss`.
    package var name: String
    /// What stands above its chart.
    package var title: String
    package var higherIsBetter: Bool
    package var format: Format
    /// The name of 1 − value, where people speak of that as well; nil for most.
    package var complement: String?

    package init(
        _ name: String, title: String? = nil, higherIsBetter: Bool = false, format: Format = .number,
        complement: String? = nil
    ) {
        self.name = name
        self.title = title ?? name.capitalisedFirst
        self.higherIsBetter = higherIsBetter
        self.format = format
        self.complement = complement
    }

    /// What an objective's weighted losses come to, divided by its weight.
    package static let loss = MetricDescription("loss")

    /// The same metric of one of several things, such as an output or a phase: `digitAccuracy`, `digit: Accuracy`.
    func named(of thing: String) -> MetricDescription {
        var named = self
        named.name = thing + name.capitalisedFirst
        named.title = "\(thing): \(title)"
        named.complement = complement.map { thing + $0.capitalisedFirst }
        return named
    }

    /// For the reference of the configuration.
    var documentation: String { title + "." }

    /// `trainLoss`.
    package var trainingName: String { "train" + name.capitalisedFirst }
    /// `valLoss`.
    package var validationName: String { "val" + name.capitalisedFirst }
    /// `valError` of a metric whose complement is `error`.
    package var complementValidationName: String? { complement.map { "val" + $0.capitalisedFirst } }
}

/// A metric's value with what is needed to show it.
package struct MetricValue: Equatable, Sendable {
    package var description: MetricDescription
    /// NaN where nothing was counted.
    package var value: Double

    package init(_ description: MetricDescription, _ value: Double) {
        self.description = description
        self.value = value
    }

    package var name: String { description.name }
    /// False of a metric that nothing was counted for, as that of a head that evaluation leaves out.
    package var isCounted: Bool { !value.isNaN || name.lowercased().hasSuffix("loss") }
}

extension [MetricValue] {
    /// The value of the metric of this name; nil where there is none.
    package subscript(name: String) -> Double? { first { $0.name == name }?.value }
    /// The mean loss, which every objective has; NaN in an empty list.
    /// In a run of phases it is the first phase's.
    package var loss: Double {
        self[MetricDescription.loss.name] ?? first { $0.name.hasSuffix("Loss") }?.value ?? .nan
    }
}

extension String {
    /// `Loss` of `loss`.
    var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
