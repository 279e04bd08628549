import Kernels
import TensorCore

/// x + v at every position, x [N, …, C] and v [N, C]; then max(0, y) where `rectify` says so.
package func addAtPositions(_ x: Variable, _ v: Variable, rectify: Bool = false) -> Variable {
    let (samples, rows, columns) = positions(x, v, "addAtPositions")
    let y = x.makeTensor(x.shape)
    y.copy(from: x.value)
    for sample in 0..<samples {
        addBias(
            v.value.pointer + sample * columns, to: y.pointer + sample * rows * columns, rows: rows, columns: columns,
            rectify: rectify)
    }
    let output = rectify ? y : nil
    return x.tape.record(y, x, v) { [x = x.target, v = v.target] tape, dy in
        if let output { dy = rectified(dy, output: output, tape) }
        let gradient = dy
        tape.accumulate(into: v) { dv, accumulate in
            for sample in 0..<samples {
                sumRows(
                    gradient.pointer + sample * rows * columns, rows: rows, columns: columns,
                    into: dv + sample * columns, accumulate: accumulate)
            }
        }
        tape.accumulate(gradient, into: x)
    }
}

/// x · v at every position, channel by channel, x [N, …, C] and v [N, C].
package func multiplyAtPositions(_ x: Variable, _ v: Variable) -> Variable {
    let (samples, rows, columns) = positions(x, v, "multiplyAtPositions")
    let y = x.makeTensor(x.shape)
    multiplyRows(x.value.pointer, by: v.value.pointer, samples: samples, rows: rows, columns: columns, into: y.pointer)
    let xValue = v.needsGradient ? x.value : nil
    let vValue = x.needsGradient ? v.value : nil
    return x.tape.record(y, x, v) { [x = x.target, v = v.target] tape, dy in
        let gradient = dy
        if let xValue {
            tape.accumulate(into: v) { dv, accumulate in
                sumRowProducts(
                    gradient.pointer, xValue.pointer, samples: samples, rows: rows, columns: columns, into: dv,
                    accumulate: accumulate)
            }
        }
        if let vValue {
            tape.accumulate(into: x) { dx, accumulate in
                multiplyRows(
                    gradient.pointer, by: vValue.pointer, samples: samples, rows: rows, columns: columns, into: dx,
                    accumulate: accumulate)
            }
        }
    }
}

/// How many samples there are, positions of each, and channels of a position.
private func positions(_ x: Variable, _ v: Variable, _ operation: String) -> (Int, Int, Int) {
    precondition(
        x.shape.rank > 1 && v.shape.rank == 2 && v.shape[0] == x.shape[0] && v.shape[1] == x.shape[-1],
        "\(operation): a vector \(v.shape) for \(x.shape)")
    return (x.shape[0], x.shape.dimensions.dropFirst().dropLast().reduce(1, *), x.shape[-1])
}
