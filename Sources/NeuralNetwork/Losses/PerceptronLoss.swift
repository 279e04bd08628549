import Autograd
import TensorCore

/// Σ over samples of the mean of max(0, −c x) over a sample's values, which with plain gradient descent is the
/// perceptron rule (Rosenblatt 1958): w ← w + η (t − y) input, t and y the wanted and the thresholded output, 0 or 1.
///
/// A sample that is answered rightly changes nothing; on classes that a line separates the rule ends (Novikoff 1962).
package struct PerceptronLoss: SignedLoss {
    package init() {}

    static let entry = LossEntry(
        "perceptron",
        "max(0, −c · output), one output for two classes: c is −1 for the first and 1 for the second; with `sgd` this "
            + "is Rosenblatt's rule, which changes weights for wrong answers alone."
    ) { _ in PerceptronLoss() }

    package var name: String { "perceptron" }

    func loss(_ output: Variable, _ signs: Variable, weights: Tensor?) -> Variable {
        perceptronCriterion(output, signs, weights: weights)
    }
}
