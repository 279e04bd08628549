import TensorCore

/// The same values under another shape with as many elements; no copy.
package func reshape(_ x: Variable, _ shape: Shape) -> Variable {
    x.tape.record(x.value.reshaped(shape), x) { [x = x.target] tape, dy in
        tape.accumulate(dy, into: x)
    }
}
