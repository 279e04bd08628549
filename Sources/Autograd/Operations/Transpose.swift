import Kernels
import TensorCore

/// The transpose of a matrix: x [A, B] → [B, A].
package func transposed(_ x: Variable) -> Variable {
    precondition(x.shape.rank == 2, "transposed: \(x.shape)")
    let (rows, columns) = (x.shape[0], x.shape[1])
    let y = x.makeTensor([columns, rows])
    transpose(x.value.pointer, rows: rows, columns: columns, into: y.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = Tensor([rows, columns], pool: tape.pool)
        transpose(dy.pointer, rows: columns, columns: rows, into: gradient.pointer)
        tape.accumulate(gradient, into: x)
    }
}
