import TensorCore

/// Σₙ mean max(0, m − c x) over a sample's values, c = −1 or 1 (Cortes and Vapnik 1995); gradients for both x and c, 0
/// where m − c x = 0.
package func hinge(
    _ x: Variable, _ classes: Variable, margin: Float = 1, weights: Tensor? = nil
) -> Variable {
    elementwiseLoss("hinge", x, classes, weights: weights) { x, c in
        let missing = margin - c * x
        // A missing part that is NaN stays one.
        return missing <= 0 ? (0, 0, 0) : (missing, -c, -x)
    }
}
