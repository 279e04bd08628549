import Kernels
import TensorCore

/// eˣ / Σ eˣ over the last dimension.
package func softmax(_ x: Variable) -> Variable { normalizedExponential(x, logarithm: false) }

/// log softmax(x) over the last dimension, without overflow.
package func logSoftmax(_ x: Variable) -> Variable { normalizedExponential(x, logarithm: true) }

private func normalizedExponential(_ x: Variable, logarithm: Bool) -> Variable {
    precondition(x.shape.rank >= 1 && x.shape[-1] > 0, "softmax: input \(x.shape)")
    let columns = x.shape[-1]
    let rows = x.shape.count / columns
    let y = x.makeTensor(x.shape)
    Kernels.softmax(x.value.pointer, rows: rows, columns: columns, logarithm: logarithm, into: y.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            softmaxGradient(
                output: y.pointer, gradient.pointer, rows: rows, columns: columns, logarithm: logarithm, into: dx,
                accumulate: accumulate)
        }
    }
}
