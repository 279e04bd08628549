import TensorCore

/// The same values under another shape with as many elements; no copy.
package func reshape(_ x: Variable, _ shape: Shape) -> Variable {
    x.tape.record(x.value.reshaped(shape), x) { tape, dy in
        tape.accumulate(dy, into: x)
    }
}

/// [N, …] → [N, values of a sample].
package func flatten(_ x: Variable) -> Variable { reshape(x, [x.shape[0], x.shape.sample.count]) }
