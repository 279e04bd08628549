import Kernels
import TensorCore

/// tanh(a) · sigmoid(b) of x = [a, b] joined along the channels: [N, …, 2 C] → [N, …, C].
///
/// The gated activation unit of van den Oord et al., "Conditional image generation with PixelCNN decoders", 2016, and
/// of WaveNet.
package func gate(_ x: Variable) -> Variable {
    precondition(x.shape.rank > 0 && x.shape[-1] % 2 == 0, "gate: \(x.shape) has no two halves")
    let width = x.shape[-1] / 2
    let y = x.makeTensor(x.shape.replacingLast(with: width))
    let rows = y.count / max(width, 1)
    let gates = x.makeTensor(x.shape)
    gates.copy(from: x.value)
    Kernels.gate(gates.pointer, rows: rows, width: width, into: y.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            gateGradient(
                gates.pointer, gradient.pointer, rows: rows, width: width, into: dx, accumulate: accumulate)
        }
    }
}
