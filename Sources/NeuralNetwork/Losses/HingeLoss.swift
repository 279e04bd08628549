import Autograd
import ConfigurationReading
import TensorCore

/// Σ over samples of the mean of max(0, m − c x) over a sample's values (Cortes and Vapnik 1995).
package struct HingeLoss: SignedLoss {
    /// m: how far beyond 0, on its class's side, an output has to be to cost nothing.
    package let margin: Float

    package init(margin: Float = 1) { self.margin = margin }

    static let entry = LossEntry(
        "hinge",
        "max(0, margin − c · output), one output for two classes: c is −1 for the first and 1 for the second; a target "
            + "of numbers holds c itself."
    ) { reader in
        HingeLoss(
            margin: Float(
                reader.value("margin", .number(above: 0), default: 1, "From which output on a sample costs nothing.")))
    }

    package var name: String { "hinge" }

    func loss(_ output: Variable, _ signs: Variable, weights: Tensor?) -> Variable {
        hinge(output, signs, margin: margin, weights: weights)
    }
}
