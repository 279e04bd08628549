import ConfigurationReading

/// Other hyper-parameters for the parameters whose names match a pattern.
package struct ParameterGroup: Equatable, Sendable {
    /// Patterns as of `ParameterPattern`: `*` stands for any characters, `?` for one, `[ab]` for one of a set.
    package let match: [String]
    /// Replaces the optimizer's weight decay; nil keeps it.
    package let weightDecay: Double?
    /// Multiplies the learning rate; 0 freezes the parameters.
    package let learningRateFactor: Double
    /// Replaces the optimizer's l1; nil keeps it.
    package let l1: Double?
    /// Replaces the optimizer's maxNorm, 0 by no limit; nil keeps it.
    package let maxNorm: Double?
    /// Replaces the optimizer's clipWeights, 0 by no limit; nil keeps it.
    package let clipWeights: Double?
}

extension ParameterGroup: ConfigurationSection {
    package static var title: String { "parameter group" }

    package init(from reader: ConfigurationReader) {
        match = reader.required(
            "match", .oneOrMore(of: .text),
            "Patterns of parameter names: `*.bias`, `*norm*`, `fc?.weight`, `conv[12].*`.")
        weightDecay = reader.optional("weightDecay", .number(in: 0...), "Replaces the optimizer's weight decay.")
        l1 = reader.optional("l1", .number(in: 0...), "Replaces the optimizer's l1.")
        maxNorm = reader.optional(
            "maxNorm", .number(in: 0...), "Replaces the optimizer's maxNorm; 0 for no limit.")
        clipWeights = reader.optional(
            "clipWeights", .number(in: 0...), "Replaces the optimizer's clipWeights; 0 for no limit.")
        learningRateFactor = reader.value(
            "learningRateFactor", .number(in: 0...), default: 1, "Multiplies the learning rate; 0 freezes.")
    }
}
