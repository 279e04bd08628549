import Autograd
import ConfigurationReading

/// Σ over samples of the mean of −t log p − (1 − t) log(1 − p) over a sample's values; against a class, its one-hot
/// vector.
package struct BinaryCrossEntropyLoss: ElementwiseLoss {
    /// Whether p is the sigmoid of the output, rather than the output itself.
    package let fromLogits: Bool

    package init(fromLogits: Bool) { self.fromLogits = fromLogits }

    static let entry = LossEntry(
        "binaryCrossEntropy", "Cross-entropy of each output by itself; against a class, with its one-hot vector."
    ) { reader in
        BinaryCrossEntropyLoss(
            fromLogits: reader.value(
                "fromLogits", .flag, default: true, "Whether outputs pass through a sigmoid first."))
    }

    package var name: String { "binaryCrossEntropy" }

    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        let target = target.values(like: output)
        return fromLogits ? binaryCrossEntropyFromLogits(output, target) : binaryCrossEntropy(output, target)
    }

    package func estimate(_ output: Variable) -> Variable { fromLogits ? sigmoid(output) : output }

    /// The logit of the mean probability p: log p − log(1 − p).
    package func average(_ outputs: [Variable]) -> Variable {
        if !fromLogits { return Autograd.average(outputs) }
        // log σ(x) = −softplus(−x), and log(1 − σ(x)) = −softplus(x).
        let ones = logMeanExponential(outputs.map { scaled(softplus(scaled($0, by: -1)), by: -1) })
        let zeros = logMeanExponential(outputs.map { scaled(softplus($0), by: -1) })
        return add(ones, scaled(zeros, by: -1))
    }
}
