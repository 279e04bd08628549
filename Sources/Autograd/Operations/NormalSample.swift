import Kernels
import TensorCore

/// y = m + e^(v/2) · n with n ~ N(0, 1) in training, y = m in evaluation: a sample of the normal distributions of means
/// m and logarithms of variances v, both [N, …], through which gradients flow to both.
///
/// The reparameterisation of Kingma and Welling, "Auto-encoding variational Bayes", 2014, section 2.4. n is a function
/// of the grain's key, `layer` and the place in the grain.
package func normalSample(_ mean: Variable, logVariance: Variable, layer: Int, mode: Mode) -> Variable {
    precondition(mean.shape == logVariance.shape, "normalSample: means \(mean.shape), variances \(logVariance.shape)")
    guard case .training(let key) = mode else { return mean }
    let noise = key.folding(.latent).folding(layer)
    // y − m = 2 h and ∂y/∂v = h: backward needs h alone.
    let half = mean.makeTensor(mean.shape)
    let y = mean.makeTensor(mean.shape)
    let m = mean.value.pointer
    map(logVariance.value.pointer, into: half.pointer, count: y.count) {
        exponential($0 * Vector(repeating: 0.5)) * Vector(repeating: 0.5)
    }
    for first in stride(from: 0, to: y.count, by: 2) {
        let (a, b) = noise.normals(at: UInt64(first / 2))
        half.pointer[first] *= a
        y.pointer[first] = m[first] + 2 * half.pointer[first]
        guard first + 1 < y.count else { break }
        half.pointer[first + 1] *= b
        y.pointer[first + 1] = m[first + 1] + 2 * half.pointer[first + 1]
    }
    return mean.tape.record(y, mean, logVariance) { [m = mean.target, v = logVariance.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: v) { dx, accumulate in
            product(gradient.pointer, half.pointer, into: dx, count: gradient.count, accumulate: accumulate)
        }
        tape.accumulate(dy, into: m)
    }
}
