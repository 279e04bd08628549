import Kernels
import TensorCore

/// √(Σ x²) over each window: x [N, H, W, C] → [N, H′, W′, C]; padding adds nothing.
///
/// The gradient is x · dy / y; a window of zeros, where the norm has none, gets 0.
package func l2Pool2D(_ x: Variable, _ attributes: PoolingAttributes) -> Variable {
    let g = attributes.checkedGeometry("l2Pool2D", x)
    let y = x.makeTensor([g.batch, g.outputHeight, g.outputWidth, g.channels])
    l2Pool(g, x.value.pointer, into: y.pointer)
    return x.tape.record(y, x) { [xValue = x.value, x = x.target] tape, dy in
        let gradient = dy
        let scratch = Tensor(gradient.shape, pool: tape.pool)
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: g.inputCount) }
            l2PoolGradient(
                g, xValue.pointer, output: y.pointer, gradient.pointer, scratch: scratch.pointer, into: dx)
        }
    }
}
