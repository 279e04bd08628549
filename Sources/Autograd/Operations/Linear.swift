import Kernels
import TensorCore

/// y = x Wᵀ + b, then max(0, y) where `rectify` says so.
///
/// x [N, …] with I values a sample, W [O, I], b [O] → y [N, O]; a sequence [N, T, I], or any x [N, …, I] with more than
/// I values a sample → y [N, …, O], the same for every position.  dx = dy W, dW = dyᵀ x, db = Σ dy over rows.
package func linear(_ x: Variable, _ weight: Variable, bias: Variable? = nil, rectify: Bool = false) -> Variable {
    let outputs = weight.shape[0]
    let inputs = weight.shape[1]
    // An image whose values are those of one row is one row; a sequence never is, not even of one step.
    let isOneRowEach = x.shape.rank != 3 && x.shape.count == x.shape[0] * inputs
    let isPositionwise = x.shape.rank > 1 && x.shape[-1] == inputs
    precondition(
        isOneRowEach || isPositionwise || x.shape.count == x.shape[0] * inputs,
        "linear: input \(x.shape) for weights \(weight.shape)")
    precondition(bias.map { $0.shape.count == outputs } ?? true, "linear: bias \(bias!.shape) for \(outputs) outputs")
    let keepsPositions = isPositionwise && !isOneRowEach
    let y = x.makeTensor(keepsPositions ? x.shape.replacingLast(with: outputs) : [x.shape[0], outputs])
    let rows = y.shape.replacingLast(with: 1).count
    if rows == 1, x.tape.stepMemory != nil {
        // One step of one sequence: the library would copy the weights before it multiplies.
        multiplyVector(rows: outputs, columns: inputs, weight.value.pointer, x.value.pointer, into: y.pointer)
    } else {
        layerProduct(
            m: rows, n: outputs, k: inputs, x.value.pointer, lda: inputs, weight.value.pointer, ldb: inputs,
            transposeB: true, into: y.pointer, ldc: outputs)
    }
    if let bias {
        addBias(bias.value.pointer, to: y.pointer, rows: rows, columns: outputs, rectify: rectify)
    } else if rectify {
        Kernels.rectify(y.pointer, count: y.count)
    }
    let output = rectify ? y : nil
    return x.tape.record(y, x, weight, bias) {
        [xValue = x.value, w = weight.value, x = x.target, weight = weight.target, bias = bias?.target] tape, dy in
        if let output { dy = rectified(dy, output: output, tape) }
        let gradient = dy
        tape.accumulateProduct(into: weight, rows: rows, dy: gradient.pointer, x: xValue.pointer)
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(gradient.pointer, rows: rows, columns: outputs, into: db, accumulate: accumulate)
            }
        }
        tape.accumulate(into: x) { dx, accumulate in
            layerProduct(
                m: rows, n: inputs, k: outputs, gradient.pointer, lda: outputs, w.pointer, ldb: inputs, into: dx,
                ldc: inputs, accumulate: accumulate)
        }
    }
}
