import ConfigurationReading

/// What training minimises.
package enum LossConfiguration: Equatable, Sendable {
    /// −log softmax(logits)[class], mean over samples; label smoothing after Szegedy et al. 2016.
    case crossEntropy(labelSmoothing: Double)
    /// (output − target)², mean over samples and outputs; the target of a class is its one-hot vector.
    case meanSquaredError
    /// −t·log p − (1 − t)·log(1 − p), mean over samples and outputs; p is sigmoid(output) with `fromLogits`.
    case binaryCrossEntropy(fromLogits: Bool)
}

extension LossConfiguration: ConfigurationSection {
    package static var title: String { "loss" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        self = reader.oneOf([
            .key("crossEntropy", "Softmax and cross-entropy with the class.") { reader in
                .crossEntropy(
                    labelSmoothing: reader.value(
                        "labelSmoothing", .number(in: 0..<1), default: 0,
                        "Share of the target spread evenly over all classes."))
            },
            .key("mse", "Mean squared error to the one-hot class.") { _ in .meanSquaredError },
            .key("binaryCrossEntropy", "Cross-entropy of each output by itself with the one-hot class.") { reader in
                .binaryCrossEntropy(
                    fromLogits: reader.value(
                        "fromLogits", .flag, default: true, "Whether outputs pass through a sigmoid first."))
            },
        ])
    }
}
