import TensorCore

/// Σₙ mean max(0, −c x) over a sample's values, c = −1 or 1 (the perceptron criterion; Rosenblatt 1958).
///
/// The gradient for x is −c where the answer is wrong, x > 0 being the answer 1 and anything else −1, and 0 where it is
/// right. So an output of 0 is wrong for c = 1: a step of gradient descent is Rosenblatt's, from zero weights on.
package func perceptronCriterion(_ x: Variable, _ classes: Variable, weights: Tensor? = nil) -> Variable {
    elementwiseLoss("perceptronCriterion", x, classes, weights: weights) { x, c in
        // An output that is NaN is never right.
        let isRight = c > 0 ? x > 0 : x <= 0
        return isRight ? (0, 0, 0) : (-c * x, -c, -x)
    }
}
