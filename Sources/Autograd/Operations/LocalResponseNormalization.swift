import Kernels
import TensorCore

/// y = x / (k + α / size · Σ x²)^β, the sum over `size` neighbouring channels of the same position.
///
/// x [N, …, C] → y of x's shape. Krizhevsky, Sutskever and Hinton 2012, section 3.3, in PyTorch's form: the paper's α
/// is α / size here. With s the bracket, dx = dy s^−β − 2 α β / size · x · Σ dy x s^−(β + 1), the sum over the channels
/// whose windows x is in. Backward keeps x alone.
package func localResponseNormalization(
    _ x: Variable, size: Int, alpha: Float = 1e-4, beta: Float = 0.75, k: Float = 1
) -> Variable {
    precondition(
        size > 0 && alpha >= 0 && k > 0,
        "localResponseNormalization: size \(size), α \(alpha) and k \(k); the bracket must be positive")
    let channels = x.shape[-1]
    let rows = x.shape.count / max(channels, 1)
    let window = ResponseWindow(size: size, alpha: alpha, beta: beta, k: k)
    let scratchCount = window.scratchCount(channels: channels)
    let y = x.makeTensor(x.shape)
    Kernels.localResponseNormalization(
        window, x.value.pointer, rows: rows, channels: channels, scratch: x.makeTensor([scratchCount]).pointer,
        into: y.pointer)
    return x.tape.record(y, x) { [xValue = x.value, x = x.target] tape, dy in
        let gradient = dy
        let scratch = Tensor([2 * scratchCount], pool: tape.pool)
        tape.accumulate(into: x) { dx, accumulate in
            localResponseGradient(
                window, xValue.pointer, gradient.pointer, rows: rows, channels: channels, scratch: scratch.pointer,
                into: dx, accumulate: accumulate)
        }
    }
}
