import Kernels
import TensorCore

/// The steps that are there, one sequence behind the other: x [N, T, …] with lengths → [Σ lengths, …]; x itself where
/// it has none.
package func packed(_ x: Variable) -> Variable {
    guard let lengths = x.lengths else { return x }
    lengths.require(x, "packed")
    let steps = x.shape[1]
    let size = x.shape.count / max(x.shape[0] * steps, 1)
    let y = x.makeTensor(Shape([lengths.total] + x.shape.dimensions.dropFirst(2)))
    lengths.forEachRow(steps: steps) { _, padded, packed, count in
        (y.pointer + packed * size).update(from: x.value.pointer + padded * size, count: count * size)
    }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: lengths.counts.count * steps * size) }
            lengths.forEachRow(steps: steps) { _, padded, packed, count in
                Kernels.accumulate(gradient.pointer + packed * size, into: dx + padded * size, count: count * size)
            }
        }
    }
}

/// The opposite of ``packed(_:)``: x [Σ lengths, …] → [N, `steps`, …], zero behind each sequence's end.
package func unpacked(_ x: Variable, _ lengths: SequenceLengths, steps: Int) -> Variable {
    precondition(x.shape.rank >= 1 && x.shape[0] == lengths.total, "unpacked: \(x.shape) for \(lengths.total) steps")
    let size = x.shape.sample.count
    let y = x.makeTensor(Shape([lengths.counts.count, steps] + x.shape.dimensions.dropFirst()))
    lengths.forEachRow(steps: steps) { _, padded, packed, count in
        (y.pointer + padded * size).update(from: x.value.pointer + packed * size, count: count * size)
        (y.pointer + (padded + count) * size).update(repeating: 0, count: (steps - count) * size)
    }
    var result = x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            lengths.forEachRow(steps: steps) { _, padded, packed, count in
                if accumulate {
                    Kernels.accumulate(gradient.pointer + padded * size, into: dx + packed * size, count: count * size)
                } else {
                    (dx + packed * size).update(from: gradient.pointer + padded * size, count: count * size)
                }
            }
        }
    }
    result.lengths = lengths
    return result
}

/// x [N, T, …] with zeros behind each sequence's end, through which no gradient comes back either; x itself where no
/// row is padded.
package func masked(_ x: Variable) -> Variable {
    guard let lengths = x.lengths else { return x }
    lengths.require(x, "masked")
    let steps = x.shape[1]
    guard !lengths.areAll(steps) else { return x }
    let size = x.shape.count / max(x.shape[0] * steps, 1)
    func zeroPadding(_ values: UnsafeMutablePointer<Float>) {
        lengths.forEachRow(steps: steps) { _, padded, _, count in
            (values + (padded + count) * size).update(repeating: 0, count: (steps - count) * size)
        }
    }
    let y = x.makeTensor(x.shape)
    y.copy(from: x.value)
    zeroPadding(y.pointer)
    var result = x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy.isUniquelyOwned() ? dy : Tensor(dy.shape, pool: tape.pool)
        if gradient.pointer != dy.pointer { gradient.copy(from: dy) }
        zeroPadding(gradient.pointer)
        tape.accumulate(gradient, into: x)
    }
    result.lengths = lengths
    return result
}
