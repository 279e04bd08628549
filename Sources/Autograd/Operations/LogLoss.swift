import Kernels
import TensorCore

/// Σₙ mean log(1 + e^(−c x)) over a sample's values, c = −1 or 1; gradients for both x and c, without overflow.
package func logLoss(_ x: Variable, _ classes: Variable, weights: Tensor? = nil) -> Variable {
    elementwiseLoss("logLoss", x, classes, weights: weights) { x, c in
        let slope = -logistic(Vector(repeating: -c * x))[0]
        return (Kernels.softplus(-c * x), slope * c, slope * x)
    }
}
