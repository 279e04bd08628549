import Kernels
import TensorCore

/// Rows of a table: indices [N, …], weight [V, E] → [N, …, E].
///
/// Bengio, Ducharme, Vincent and Jauvin 2003. The gradient of a row is the sum over its uses, added in their order.
/// - Parameter indices: whole numbers in 0..<V, held as floats, which is exact below 2²⁴.
package func embedding(_ indices: Variable, _ weight: Variable) -> Variable {
    precondition(weight.shape.rank == 2, "embedding: a table of shape \(weight.shape)")
    let (rows, size) = (weight.shape[0], weight.shape[1])
    let rowOf = indices.value
    let y = weight.makeTensor(Shape(indices.shape.dimensions + [size]))
    for i in 0..<rowOf.count {
        let row = index(rowOf.pointer[i], below: rows, "embedding")
        (y.pointer + i * size).update(from: weight.value.pointer + row * size, count: size)
    }
    return weight.tape.record(y, weight) { [weight = weight.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: weight) { dw, accumulate in
            if !accumulate { dw.update(repeating: 0, count: rows * size) }
            for i in 0..<rowOf.count {
                Kernels.accumulate(gradient.pointer + i * size, into: dw + Int(rowOf.pointer[i]) * size, count: size)
            }
        }
    }
}

/// A float as an index.
func index(_ value: Float, below count: Int, _ operation: String) -> Int {
    guard let index = Int(exactly: value), index >= 0, index < count else {
        preconditionFailure("\(operation): index \(value) is not a whole number in 0..<\(count)")
    }
    return index
}
