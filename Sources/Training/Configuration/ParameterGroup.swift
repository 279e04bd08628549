import ConfigurationReading
import Glibc

/// Other hyper-parameters for the parameters whose names match a pattern.
package struct ParameterGroup: Equatable, Sendable {
    /// Shell patterns: `*` stands for any characters, `?` for one, `[ab]` for one of a set.
    package let match: [String]
    /// Replaces the optimizer's weight decay; nil keeps it.
    package let weightDecay: Double?
    /// Multiplies the learning rate; 0 freezes the parameters.
    package let learningRateFactor: Double

    /// Whether a parameter such as `features.0.bias` belongs to the group.
    package func contains(_ parameter: String) -> Bool {
        match.contains { fnmatch($0, parameter, 0) == 0 }
    }
}

extension ParameterGroup: ConfigurationSection {
    package static var title: String { "parameter group" }

    package init(from reader: ConfigurationReader) {
        match = reader.required(
            "match", .oneOrMore(of: .text), "Patterns of parameter names: `*.bias`, `*norm*`, `fc?.weight`.")
        weightDecay = reader.optional("weightDecay", .number(in: 0...), "Replaces the optimizer's weight decay.")
        learningRateFactor = reader.value(
            "learningRateFactor", .number(in: 0...), default: 1, "Multiplies the learning rate; 0 freezes.")
    }
}
