import Autograd
import TensorCore

/// Σ over samples of the mean of log(1 + e^(−c x)) over a sample's values: logistic regression with classes −1 and 1.
package struct LogLoss: SignedLoss {
    package init() {}

    static let entry = LossEntry(
        "logLoss",
        "log(1 + e^(−c · output)), one output for two classes: c is −1 for the first and 1 for the second; a target of "
            + "numbers holds c itself."
    ) { _ in LogLoss() }

    package var name: String { "logLoss" }

    package var scores: ClassScores { .separateLogits }

    func loss(_ output: Variable, _ signs: Variable, weights: Tensor?) -> Variable {
        logLoss(output, signs, weights: weights)
    }
}
