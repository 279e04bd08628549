import Autograd
import ConfigurationReading
import TensorCore

/// Softmax and cross-entropy from logits [N, …, K], against one class a row or a distribution over classes: Σ over
/// rows.
///
/// Every position of [N, T, K] counts as much as a sample of [N, K]. With class weights w the loss is that of PyTorch's
/// `CrossEntropyLoss(weight=w)`: −Σₖ wₖ tₖ log softmax(x)ₖ, divided by Σ w of the rows' classes; against distributions
/// by the rows.
package struct CrossEntropyLoss: Loss {
    /// ε: the share of the target that is spread evenly over all classes (Szegedy et al. 2016).
    package let labelSmoothing: Float
    /// What the user says of the output: logits, or probabilities; nil where its last layer tells.
    package let fromLogits: Bool?
    package let classWeights: ClassWeights?
    /// A number for each class, where they count differently.
    private var weightOfClass: [Float] = []

    package init(labelSmoothing: Float = 0, fromLogits: Bool? = nil, classWeights: ClassWeights? = nil) {
        self.labelSmoothing = labelSmoothing
        self.fromLogits = fromLogits
        self.classWeights = classWeights
    }

    static let entry = LossEntry(
        "crossEntropy", "Softmax and cross-entropy with the class, or with a probability for each class.",
        otherNames: [
            "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CrossEntropyLoss", "NLLLoss",
        ]
    ) { reader in
        CrossEntropyLoss(
            labelSmoothing: Float(
                reader.value(
                    "labelSmoothing", .number(in: 0..<1), default: 0,
                    "Share of the target spread evenly over all classes.")),
            fromLogits: reader.optional(
                "fromLogits", .flag,
                "False where the output ends in `softmax`, true where it does not; only checked, since the loss is "
                    + "always computed from the logits before a final softmax."),
            classWeights: reader.optional(
                "classWeights", .classWeights,
                "How much each class counts: a list in the order of the classes, a map of class names (1 for others), "
                    + "or `balanced` by the training samples; of a single loss the mean is divided by the weights' "
                    + "sum, as PyTorch does, of several losses by what the first one counts."))
    }

    package var name: String { "crossEntropy" }
    package var scores: ClassScores { .logits }
    package var takesDistributions: Bool { true }

    package func callAsFunction(_ input: LossInput) -> Variable {
        let output = input.output
        let weights = input.rowWeights(count(of: output.shape))
        if !weightOfClass.isEmpty {
            return crossEntropy(output, .distribution(weighted(input.target, like: output)), weights: weights).loss
        }
        switch input.target {
        case .classes(let classes):
            return crossEntropy(output, .indices(classes), weights: weights, smoothing: labelSmoothing).loss
        case .values(let values):
            return crossEntropy(output, .distribution(values), weights: weights, smoothing: labelSmoothing).loss
        case .nothing: preconditionFailure("CrossEntropyLoss: no target")
        }
    }

    /// wₖ ((1 − ε) tₖ + ε / K), of the output's shape.
    private func weighted(_ target: Target, like output: Variable) -> Tensor {
        let classes = weightOfClass.count
        let plain = target.values(like: output).value
        let result = Tensor(output.shape, pool: output.tape.pool)
        let uniform = labelSmoothing / Float(classes)
        for index in 0..<result.count {
            result.pointer[index] =
                weightOfClass[index % classes] * ((1 - labelSmoothing) * plain.pointer[index] + uniform)
        }
        return result
    }

    package func weight(_ input: LossInput) -> Double {
        let rows = count(of: input.output.shape)
        let weights = input.rowWeights(rows)
        var total = 0.0
        for row in 0..<rows {
            var weight = Double(weights?.pointer[row] ?? 1)
            if case .classes(let classes) = input.target, !weightOfClass.isEmpty {
                weight *= Double(weightOfClass[Int(classes[row])])
            }
            total += weight
        }
        return total
    }

    package func estimate(_ output: Variable) -> Variable { softmax(output) }

    package func weighing(_ classes: [Float]) -> any Loss {
        var copy = self
        copy.weightOfClass = classes
        return copy
    }

    /// The logarithm of the mean probabilities.
    package func average(_ outputs: [Variable]) -> Variable { logMeanExponential(outputs.map { logSoftmax($0) }) }

    package func count(of output: Shape) -> Int { output.count / max(output[-1], 1) }

    package func reading(_ end: OutputEnd) -> LossReading {
        switch (end.link, fromLogits) {
        case (.softmax, true), (.logSoftmax, true):
            .refused(
                "fromLogits is true, but the output ends in \(end.layer) and has none; take `\(end.layer)` away, or "
                    + "`fromLogits`")
        case (.softmax, _), (.logSoftmax, _): .scores
        case (.sigmoid, _):
            .refused(
                "the output ends in sigmoid, which judges each class by itself, and crossEntropy all of them "
                    + "together; put `softmax` there, or use binaryCrossEntropy")
        case (nil, false):
            .refused(
                "fromLogits is false, but the output ends in \(end.layer) and has no probabilities; put `softmax` "
                    + "behind it, or take `fromLogits` away")
        case (nil, _): .output
        }
    }

    package func rule(for target: FieldDescription) -> TargetRule.Numbers? {
        target.meaning.choiceCount == nil ? .distribution : nil
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        guard let classes = target.meaning.choiceCount else {
            guard case .real(let names) = target.meaning, target.shape == output, output.rank > 0, output[-1] > 1 else {
                return "it compares classes, or a probability for each output, and \(target.name) is \(target.shape) "
                    + "real numbers for an output of \(output); use mse"
            }
            if classWeights == .balanced { return "\(target.name) has no classes to be balanced; give numbers" }
            let columns = names.count == output[-1] ? names : (0..<output[-1]).map(String.init)
            return classWeights?.problem(columns, of: target.name)
        }
        let expected = Shape(target.shape.dimensions + [classes])
        guard output == expected else {
            return "\(target.name) has \(classes) classes, but the output is \(output); give the last layer "
                + "\(classes) outputs, so that it is \(expected)"
        }
        return classWeights?.problem(target.meaning.choiceNames, of: target.name)
    }
}
