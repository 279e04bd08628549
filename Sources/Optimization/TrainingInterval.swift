import ConfigurationReading

/// A length of training.
package enum TrainingInterval: Equatable, Sendable {
    /// Passes over the training samples.
    case epochs(Int)
    /// Updates of the weights.
    case steps(Int)

    /// Reads an interval from two keys of which at most one may be given; nil when neither is.
    package static func optional(
        epochs epochsKey: String, steps stepsKey: String, from reader: ConfigurationReader,
        influencesWeights: Bool = true, _ documentation: String
    ) -> TrainingInterval? {
        let epochs = reader.optional(
            epochsKey, .integer(in: 1...), influencesWeights: influencesWeights, "\(documentation), in epochs.")
        let steps = reader.optional(
            stepsKey, .integer(in: 1...), influencesWeights: influencesWeights, "\(documentation), in steps.")
        return epochs.map(TrainingInterval.epochs) ?? steps.map(TrainingInterval.steps)
    }
}
