import TensorCore

/// Σₙ mean |x − t| over a sample's values; gradients for both x and t, 0 where they are equal.
package func absoluteError(_ x: Variable, _ target: Variable, weights: Tensor? = nil) -> Variable {
    elementwiseLoss("absoluteError", x, target, weights: weights) { x, t in
        let d = x - t
        // A difference that is NaN stays one.
        let sign: Float = d > 0 ? 1 : d < 0 ? -1 : d * 0
        return (abs(d), sign, -sign)
    }
}
