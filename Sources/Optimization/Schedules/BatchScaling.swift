import ConfigurationReading

/// The batch that a learning rate is stated for. With a larger one the rate grows, and rises to that over the first
/// epochs from what is stated (Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2).
package struct BatchScaling: Equatable, Sendable {
    /// How the rate grows with the batch.
    package enum Rule: String, CaseIterable, Sendable {
        /// As the batch (Goyal et al. 2017).
        case linear
        /// As its square root (Krizhevsky 2014), which is usual with Adam and LAMB.
        case squareRoot
    }

    /// Samples of the batch that the rate is stated for.
    package let batch: Int
    package let rule: Rule
    /// Epochs of the rise; 0 for none.
    package let warmupEpochs: Int

    package init(batch: Int, rule: Rule = .linear, warmupEpochs: Int = 5) {
        self.batch = batch
        self.rule = rule
        self.warmupEpochs = warmupEpochs
    }

    /// What the rate is multiplied by with a batch of so many samples.
    package func factor(batch: Int) -> Double {
        let ratio = Double(batch) / Double(self.batch)
        return rule == .linear ? ratio : ratio.squareRoot()
    }

    /// The rise to a larger rate; nil where the rate does not grow.
    package func warmUp(batch: Int) -> WarmUp? {
        let factor = factor(batch: batch)
        return factor > 1 && warmupEpochs > 0 ? WarmUp(.epochs(warmupEpochs), from: 1 / factor) : nil
    }
}

/// `forBatch: 128`, `forBatch: {batch: 128, rule: squareRoot, warmupEpochs: 2}`.
extension BatchScaling: ConfigurationSection {
    package static var title: String { "forBatch" }
    package static var shortForm: ConfigurationShortForm { .value(of: "batch") }

    package init(from reader: ConfigurationReader) {
        batch = reader.required("batch", .integer(in: 1...), "Samples of the batch that the rate is stated for.")
        rule = reader.value(
            "rule", .choice(of: Rule.self), default: "linear",
            "How the rate grows with the batch; squareRoot suits Adam and LAMB.")
        warmupEpochs = reader.value(
            "warmupEpochs", .integer(in: 0...), default: 5,
            "Epochs of a linear rise from the stated rate to a larger one; a schedule's own rise takes its place.")
    }
}
