import Kernels
import TensorCore

/// Each sample as one vector, in the order that PyTorch's flatten gives.
///
/// An image [N, H, W, C] → [N, C·H·W], whose values are ordered (c, h, w), and likewise a volume [N, D, H, W, C]: so a
/// parameter over the vector has the values of PyTorch's at the same places. A sequence [N, T, C] keeps its order
/// (PyTorch's with `batch_first`), and so does all that has one position or one channel: no copy.
package func flatten(_ x: Variable) -> Variable {
    let vector: Shape = [x.shape[0], x.shape.sample.count]
    guard let (positions, channels) = transposition(x.shape.sample) else { return reshape(x, vector) }
    return transposed(x, rows: positions, columns: channels, into: vector)
}

/// The inverse of ``flatten(_:)``: [N, values] → [N] + `sample`, for example [N, C·H·W] → [N, H, W, C].
package func unflatten(_ x: Variable, into sample: Shape) -> Variable {
    let shape = sample.batched(x.shape[0])
    precondition(x.shape.count == shape.count, "unflatten: \(x.shape) into \(shape)")
    guard let (positions, channels) = transposition(sample) else { return reshape(x, shape) }
    return transposed(x, rows: channels, columns: positions, into: shape)
}

/// How many positions and channels trade places in a sample of this shape; nil where the order stays.
private func transposition(_ sample: Shape) -> (positions: Int, channels: Int)? {
    guard sample.rank >= 3, sample.count > 0 else { return nil }
    let channels = sample[-1]
    let positions = sample.count / channels
    return positions == 1 || channels == 1 ? nil : (positions, channels)
}

/// Each sample's matrix [rows, columns] transposed, under another shape.
private func transposed(_ x: Variable, rows: Int, columns: Int, into shape: Shape) -> Variable {
    let samples = shape[0]
    let y = x.makeTensor(shape)
    transposeSamples(x.value.pointer, samples: samples, rows: rows, columns: columns, into: y.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            guard accumulate else {
                transposeSamples(gradient.pointer, samples: samples, rows: columns, columns: rows, into: dx)
                return
            }
            let part = Tensor(x.shape, pool: tape.pool)
            transposeSamples(gradient.pointer, samples: samples, rows: columns, columns: rows, into: part.pointer)
            Kernels.accumulate(part.pointer, into: dx, count: part.count)
        }
    }
}
