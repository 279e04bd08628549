import Kernels
import TensorCore

/// Positions `range` of axis 1: x [N, T, …] → [N, |range|, …], for example some time steps of a sequence.
package func slice(_ x: Variable, _ range: Range<Int>) -> Variable {
    precondition(
        x.shape.rank >= 2 && range.lowerBound >= 0 && range.upperBound <= x.shape[1], "slice: \(range) of \(x.shape)")
    let size = x.shape.count / max(x.shape[0] * x.shape[1], 1)
    let shape = Shape([x.shape[0], range.count] + x.shape.dimensions.dropFirst(2))
    let samples = x.shape[0]
    let (whole, part) = (x.shape[1] * size, range.count * size)
    let first = range.lowerBound * size
    let y = x.makeTensor(shape)
    for n in 0..<samples { (y.pointer + n * part).update(from: x.value.pointer + n * whole + first, count: part) }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: samples * whole) }
            for n in 0..<samples {
                Kernels.accumulate(gradient.pointer + n * part, into: dx + n * whole + first, count: part)
            }
        }
    }
}

/// Position `step` of axis 1 without that axis: x [N, T, …] → [N, …], for example one time step.
package func slice(_ x: Variable, step: Int) -> Variable {
    let y = slice(x, step..<step + 1)
    return reshape(y, Shape([x.shape[0]] + x.shape.dimensions.dropFirst(2)))
}
