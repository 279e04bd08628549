import Kernels
import TensorCore

/// Of each window's activations max(0, x) one, drawn with a probability in proportion to it, in training; in evaluation
/// their mean with these probabilities: x [N, H, W, C] → [N, H′, W′, C].
///
/// Zeiler and Fergus 2013. A window without positive activations gives 0. In training the gradient goes to the value
/// that was drawn, as in max pooling; in evaluation it is that of Σ a² / Σ a. What is drawn is a function of the
/// grain's key, `layer` and the place in the grain.
package func stochasticPool2D(_ x: Variable, _ attributes: PoolingAttributes, layer: Int, mode: Mode) -> Variable {
    let g = attributes.checkedGeometry("stochasticPool2D", x)
    let y = x.makeTensor([g.batch, g.outputHeight, g.outputWidth, g.channels])
    if case .training(let key) = mode {
        let choice = x.makeTensor(y.shape)
        stochasticPool(
            g, x.value.pointer, key: key.folding(.pooling).folding(layer), scratch: x.makeTensor(y.shape).pointer,
            into: y.pointer, choice: choice.pointer)
        return x.tape.record(y, x) { [x = x.target] tape, dy in
            let gradient = dy
            tape.accumulate(into: x) { dx, accumulate in
                maxPoolGradient(g, gradient.pointer, choice: choice.pointer, into: dx, accumulate: accumulate)
            }
        }
    }
    let totals = x.makeTensor(y.shape)
    weightedPool(g, x.value.pointer, into: y.pointer, totals: totals.pointer)
    return x.tape.record(y, x) { [xValue = x.value, x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: g.inputCount) }
            weightedPoolGradient(
                g, xValue.pointer, output: y.pointer, totals: totals.pointer, gradient.pointer, into: dx)
        }
    }
}
