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
        "maxMargin", "max(0, largest other score + margin − score of the class), a score for each class."
    ) { reader in
        MaxMarginLoss(
            margin: Float(
                reader.value(
                    "margin", .number(above: 0), default: 1,
                    "By how much the right class has to lead for a sample to cost nothing.")))
    }

    package var name: String { "maxMargin" }

    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        guard case .classes(let classes) = target else {
            preconditionFailure("MaxMarginLoss: values where it was checked for classes")
        }
        return maxMargin(output, classes, margin: margin)
    }

    package func count(of output: Shape) -> Int { output.count / max(output[-1], 1) }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        CrossEntropyLoss().problem(output: output, target: target)
    }
}
