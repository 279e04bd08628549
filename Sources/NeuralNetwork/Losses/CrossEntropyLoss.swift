import Autograd
import ConfigurationReading
import TensorCore

/// Softmax and cross-entropy from logits [N, …, K], against one class a row or a distribution over classes: Σ over
/// rows.
///
/// Every position of [N, T, K] counts as much as a sample of [N, K].
package struct CrossEntropyLoss: Loss {
    /// ε: the share of the target that is spread evenly over all classes (Szegedy et al. 2016).
    package let labelSmoothing: Float

    package init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

    static let entry = LossEntry("crossEntropy", "Softmax and cross-entropy with the class.") { reader in
        CrossEntropyLoss(
            labelSmoothing: Float(
                reader.value(
                    "labelSmoothing", .number(in: 0..<1), default: 0,
                    "Share of the target spread evenly over all classes.")))
    }

    package var name: String { "crossEntropy" }

    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        switch target {
        case .classes(let classes): crossEntropy(output, .indices(classes), smoothing: labelSmoothing).loss
        case .values(let values): crossEntropy(output, .distribution(values), smoothing: labelSmoothing).loss
        }
    }

    /// The logarithm of the mean probabilities.
    package func average(_ outputs: [Variable]) -> Variable { logMeanExponential(outputs.map { logSoftmax($0) }) }

    package func count(of output: Shape) -> Int { output.count / max(output[-1], 1) }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        guard let classes = target.meaning.choiceCount else {
            return "it compares classes, and \(target.name) holds real numbers; use mse"
        }
        let expected = Shape(target.shape.dimensions + [classes])
        return output == expected
            ? nil
            : "\(target.name) has \(classes) classes, but the output is \(output); give the last layer "
                + "\(classes) outputs, so that it is \(expected)"
    }
}
