import Autograd
import ConfigurationReading
import TensorCore

/// Σ over samples of the mean of −t log p − (1 − t) log(1 − p) over a sample's values; against a class, its one-hot
/// vector, or of one output for two classes 0 and 1.
package struct BinaryCrossEntropyLoss: ElementwiseLoss {
    /// Whether p is the sigmoid of the output, rather than the output itself; nil where its last layer tells.
    package let fromLogits: Bool?
    /// Whether p is what it compares.
    private var comparesProbabilities: Bool { fromLogits == false }

    package init(fromLogits: Bool? = nil) { self.fromLogits = fromLogits }

    static let entry = LossEntry(
        "binaryCrossEntropy",
        "Cross-entropy of each output by itself; against a class, with its one-hot vector, or of one output for two "
            + "classes with 0 and 1.",
        otherNames: ["BCELoss", "BCEWithLogitsLoss"]
    ) { reader in
        BinaryCrossEntropyLoss(
            fromLogits: reader.optional(
                "fromLogits", .flag,
                "False where the output is probabilities, which its last layer makes, true where a sigmoid is still "
                    + "to come; the last layer tells if absent. Before a final `sigmoid` the loss is always computed "
                    + "from the logits."))
    }

    package var name: String { "binaryCrossEntropy" }
    package var scores: ClassScores { comparesProbabilities ? .probabilities : .separateLogits }

    package func callAsFunction(_ input: LossInput) -> Variable {
        let target = input.target.values(like: input.output)
        return comparesProbabilities
            ? binaryCrossEntropy(input.output, target, weights: input.weights)
            : binaryCrossEntropyFromLogits(input.output, target, weights: input.weights)
    }

    package func estimate(_ output: Variable) -> Variable { comparesProbabilities ? output : sigmoid(output) }

    /// The logit of the mean probability p: log p − log(1 − p).
    package func average(_ outputs: [Variable]) -> Variable {
        if comparesProbabilities { return Autograd.average(outputs) }
        // log σ(x) = −softplus(−x), and log(1 − σ(x)) = −softplus(x).
        let ones = logMeanExponential(outputs.map { scaled(softplus(scaled($0, by: -1)), by: -1) })
        let zeros = logMeanExponential(outputs.map { scaled(softplus($0), by: -1) })
        return add(ones, scaled(zeros, by: -1))
    }

    package func reading(_ end: OutputEnd) -> LossReading {
        switch (end.link, fromLogits) {
        case (.sigmoid, true):
            .refused(
                "fromLogits is true, but the output ends in sigmoid and has none; take `sigmoid` away, or "
                    + "`fromLogits`")
        case (.sigmoid, _): .scores
        case (.softmax, false): .output
        case (.softmax, _), (.logSoftmax, _):
            .refused(
                "the output ends in \(end.layer), which shares one out among all classes, and binaryCrossEntropy "
                    + "judges each by itself; use crossEntropy, or put `sigmoid` there")
        case (nil, false):
            .refused(
                "fromLogits is false, but the output ends in \(end.layer) and has no probabilities; put `sigmoid` "
                    + "behind it, or take `fromLogits` away")
        case (nil, _): .output
        }
    }

    package var ofScores: any Loss { BinaryCrossEntropyLoss(fromLogits: true) }

    package func rule(for target: FieldDescription) -> TargetRule.Numbers? {
        target.meaning.choiceCount == nil ? .shares : nil
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        hasOneScoreForTwoClasses(output: output, target: target)
            ? nil : elementwiseProblem(output: output, target: target)
    }
}
