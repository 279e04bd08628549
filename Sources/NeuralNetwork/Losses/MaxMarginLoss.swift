import Autograd
import ConfigurationReading
import TensorCore

/// Σ over rows of max(0, maxₖ≠c (xₖ + m) − x_c): the score of the right class has to lead all others by m (Crammer and
/// Singer 2001).
package struct MaxMarginLoss: Loss {
    /// m.
    package let margin: Float

    package init(margin: Float = 1) { self.margin = margin }

    static let entry = LossEntry(
        "maxMargin", "max(0, largest other score + margin − score of the class), a score for each class.",
        otherNames: ["CategoricalHinge", "MultiMarginLoss"]
    ) { reader in
        MaxMarginLoss(
            margin: Float(
                reader.value(
                    "margin", .number(above: 0), default: 1,
                    "By how much the right class has to lead for a sample to cost nothing.")))
    }

    package var name: String { "maxMargin" }

    package func callAsFunction(_ input: LossInput) -> Variable {
        guard case .classes(let classes) = input.target else {
            preconditionFailure("MaxMarginLoss: values where it was checked for classes")
        }
        let weights = input.rowWeights(count(of: input.output.shape))
        return maxMargin(input.output, classes, margin: margin, weights: weights)
    }

    package func reading(_ end: OutputEnd) -> LossReading {
        readingScores(end, of: name, through: [.softmax, .logSoftmax])
    }

    package func count(of output: Shape) -> Int { output.count / max(output[-1], 1) }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        target.meaning.choiceCount == nil
            ? "it compares classes, and \(target.name) holds real numbers; use mse"
            : CrossEntropyLoss().problem(output: output, target: target)
    }
}
