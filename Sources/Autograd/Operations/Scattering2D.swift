import Kernels
import TensorCore

/// The scattering coefficients of images: x [N, H, W, C] → [N, H / 2ᴶ, W / 2ᴶ, C · paths], rounded down.
///
/// Bruna and Mallat 2013; see ``ScatteringTransform``. A modulus of 0, which has no derivative, passes a gradient of 0
/// on. Backward keeps x alone and computes the moduli again.
package func scattering2D(_ x: Variable, _ transform: ScatteringTransform) -> Variable {
    precondition(
        x.shape.rank == 4 && x.shape[1] == transform.height && x.shape[2] == transform.width,
        "scattering2D: input \(x.shape) is not [N, \(transform.height), \(transform.width), C]")
    let (batch, channels) = (x.shape[0], x.shape[3])
    let y = x.makeTensor([batch, transform.outputHeight, transform.outputWidth, channels * transform.pathCount])
    transform.forward(
        x.value.pointer, batch: batch, channels: channels, into: y.pointer,
        scratch: x.makeTensor([transform.scratchCount]).pointer)
    return x.tape.record(y, x) { [xValue = x.value, x = x.target] tape, dy in
        let gradient = dy
        let scratch = Tensor([transform.gradientScratchCount], pool: tape.pool)
        tape.accumulate(into: x) { dx, accumulate in
            transform.gradient(
                xValue.pointer, gradient.pointer, batch: batch, channels: channels, into: dx, accumulate: accumulate,
                scratch: scratch.pointer)
        }
    }
}
