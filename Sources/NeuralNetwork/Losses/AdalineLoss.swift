import Autograd
import TensorCore

/// Σ over samples of the mean of ½ (c − x)² over a sample's values, which with plain gradient descent is the rule of
/// ADALINE, least mean squares (Widrow and Hoff 1960): w ← w + η (c − x) input, x the output before any threshold.
///
/// Every sample changes weights. On all samples at once the rule ends where the mean square is least, whether or not a
/// line separates the classes.
package struct AdalineLoss: SignedLoss {
    package init() {}

    static let entry = LossEntry(
        "adaline",
        "½ (c − output)², one output for two classes: c is −1 for the first and 1 for the second; with `sgd` this is "
            + "the rule of Widrow and Hoff."
    ) { _ in AdalineLoss() }

    package var name: String { "adaline" }

    func loss(_ output: Variable, _ signs: Variable, weights: Tensor?) -> Variable {
        scaled(meanSquaredError(output, signs, weights: weights), by: 0.5)
    }
}
