import Kernels
import TensorCore

/// Σₙ −½ Σⱼ (1 + vⱼ − mⱼ² − eᵛʲ) over a sample's values: how far the normal distributions of means m and logarithms of
/// variances v, both [N, …], are from N(0, 1) (Kingma and Welling 2014, appendix B); gradients for both.
///
/// - Parameter weights: of the samples, [N]; nil for 1.
package func gaussianKL(_ mean: Variable, logVariance: Variable, weights: Tensor? = nil) -> Variable {
    let ofMeans = elementwiseLoss("gaussianKL", mean, logVariance, weights: weights) { m, v in
        let variance = exponential(v)
        return (0.5 * (m * m + (variance - 1 - v)), m, 0.5 * (variance - 1))
    }
    // The sum over a sample's values, not their mean.
    return scaled(ofMeans, by: Float(max(mean.shape.count / max(mean.shape[0], 1), 1)))
}
