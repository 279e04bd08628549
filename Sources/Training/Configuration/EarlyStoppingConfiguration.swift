import ConfigurationReading
import Optimization

/// When training ends because validation no longer improves.
package struct EarlyStoppingConfiguration: Equatable, Sendable {
    /// So many validations in a row without improvement end training.
    package let patience: Int
    /// The least change that counts as an improvement.
    package let minDelta: Double
    /// The validation metric that has to improve; nil for the usual one.
    package let monitor: String?
}

extension EarlyStoppingConfiguration: ConfigurationSection {
    package static var title: String { "earlyStopping" }

    package init(from reader: ConfigurationReader) {
        patience = reader.value(
            "patience", .integer(in: 1...), default: 5,
            "So many validations in a row without improvement end training.")
        minDelta = reader.value(
            "minDelta", .number(in: 0...), default: 0, "The least change that counts as an improvement.")
        monitor = reader.optional("monitor", .identifier, ScheduleConfiguration.monitorDocumentation)
    }
}
