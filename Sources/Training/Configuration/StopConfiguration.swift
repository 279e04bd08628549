import ConfigurationReading

/// When training ends because it has reached what it was for.
package struct StopConfiguration: Equatable, Sendable {
    /// An epoch with this mean loss over its training samples, or less, is the last; nil for no such end.
    package let trainLoss: Double?
    /// Where a metric of validation is to come; nil for no such end.
    package let near: NearConfiguration?
}

extension StopConfiguration: ConfigurationSection {
    package static var title: String { "stop" }

    package init(from reader: ConfigurationReader) {
        trainLoss = reader.optional(
            "trainLoss", .number(in: 0...), "An epoch of this mean training loss, or less, is the last.")
        near = reader.optional(
            "near", .section(),
            "Training ends when validation finds a metric near a value, as when a discriminator no longer tells real "
                + "samples from generated ones.")
        if trainLoss == nil, near == nil {
            reader.refuse("", because: "it says not when training ends; add trainLoss or near.")
        }
    }
}

/// A value that a metric of validation is to come near.
package struct NearConfiguration: Equatable, Sendable {
    package let monitor: PlacedName
    package let value: Double
    package let within: Double
    /// In a row.
    package let validations: Int
}

extension NearConfiguration: ConfigurationSection {
    package static var title: String { "near" }

    package init(from reader: ConfigurationReader) {
        monitor = reader.required(
            "monitor", .placedName, "The metric, such as valDiscriminatorAccuracy, of any phase.")
        value = reader.value("value", .number, default: 0.5, "Where it is to come.")
        within = reader.value("within", .number(in: 0...), default: 0.05, "How far from there it may be.")
        validations = reader.value(
            "validations", .integer(in: 1...), default: 2, "So many validations in a row must find it there.")
    }
}
