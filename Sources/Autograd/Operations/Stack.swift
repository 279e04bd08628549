import Kernels
import TensorCore

/// Values of one shape behind each other on a new axis 1: T times [N, …] → [N, T, …], for example the time steps of a
/// sequence.
package func stack(_ parts: [Variable]) -> Variable {
    precondition(!parts.isEmpty, "stack: nothing to stack")
    let shape = parts[0].shape
    for part in parts {
        precondition(shape.rank >= 1 && part.shape == shape, "stack: \(shape) with \(part.shape)")
    }
    let (samples, steps) = (shape[0], parts.count)
    let size = shape.sample.count
    let y = parts[0].makeTensor(Shape([samples, steps] + shape.dimensions.dropFirst()))
    for (t, part) in parts.enumerated() {
        for n in 0..<samples {
            (y.pointer + (n * steps + t) * size).update(from: part.value.pointer + n * size, count: size)
        }
    }
    let targets = parts.map(\.target)
    return parts[0].tape.record(y, all: parts) { tape, dy in
        let gradient = dy
        for (t, part) in targets.enumerated() {
            tape.accumulate(into: part) { dx, accumulate in
                for n in 0..<samples {
                    let source = gradient.pointer + (n * steps + t) * size
                    if accumulate {
                        Kernels.accumulate(source, into: dx + n * size, count: size)
                    } else {
                        (dx + n * size).update(from: source, count: size)
                    }
                }
            }
        }
    }
}
