import Kernels
import TensorCore

/// y = x Wᵀ + b, then max(0, y) where `rectify` says so.
///
/// x [N, …] with I values a row, W [O, I], b [O] → y [N, O].  dx = dy W, dW = dyᵀ x, db = Σₙ dy.
package func linear(_ x: Variable, _ weight: Variable, bias: Variable? = nil, rectify: Bool = false) -> Variable {
    let rows = x.shape[0]
    let outputs = weight.shape[0]
    let inputs = weight.shape[1]
    precondition(x.shape.count == rows * inputs, "linear: input \(x.shape) for weights \(weight.shape)")
    precondition(bias.map { $0.shape.count == outputs } ?? true, "linear: bias \(bias!.shape) for \(outputs) outputs")
    let y = x.makeTensor([rows, outputs])
    multiply(
        m: rows, n: outputs, k: inputs, x.value.pointer, lda: inputs, weight.value.pointer, ldb: inputs,
        transposeB: true,
        into: y.pointer, ldc: outputs)
    if let bias {
        addBias(bias.value.pointer, to: y.pointer, rows: rows, columns: outputs, rectify: rectify)
    } else if rectify {
        Kernels.rectify(y.pointer, count: y.count)
    }
    let output = rectify ? y : nil
    return x.tape.record(y, x, weight, bias) { [xValue = x.value] tape, dy in
        if let output { dy = rectified(dy, output: output, tape) }
        let gradient = dy
        tape.accumulate(into: weight) { dw, accumulate in
            multiply(
                m: outputs, n: inputs, k: rows, gradient.pointer, lda: outputs, transposeA: true, xValue.pointer,
                ldb: inputs,
                into: dw, ldc: inputs, accumulate: accumulate)
        }
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(gradient.pointer, rows: rows, columns: outputs, into: db, accumulate: accumulate)
            }
        }
        tape.accumulate(into: x) { dx, accumulate in
            multiply(
                m: rows, n: inputs, k: outputs, gradient.pointer, lda: outputs, weight.value.pointer, ldb: inputs,
                into: dx,
                ldc: inputs, accumulate: accumulate)
        }
    }
}

/// dy where the rectified `output` is positive, else 0; in place when `dy` has no other owner.
func rectified(_ dy: consuming Tensor, output: Tensor, _ tape: Tape) -> Tensor {
    var dy = dy
    let target = dy.isUniquelyOwned() ? dy : Tensor(dy.shape, pool: tape.pool)
    rectifyGradient(output: output.pointer, dy.pointer, into: target.pointer, count: target.count)
    return target
}
