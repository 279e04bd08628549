import ConfigurationReading

/// When training ends because it has reached what it was for.
package struct StopConfiguration: Equatable, Sendable {
    /// An epoch with this mean loss over its training samples, or less, is the last.
    package let trainLoss: Double
}

extension StopConfiguration: ConfigurationSection {
    package static var title: String { "stop" }

    package init(from reader: ConfigurationReader) {
        trainLoss = reader.required(
            "trainLoss", .number(in: 0...), "An epoch of this mean training loss, or less, is the last.")
    }
}
