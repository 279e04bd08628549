import Kernels
import TensorCore

/// The mean of each sequence's steps: x [N, T, C] with lengths → [N, C]; zero of a sequence without steps.
package func averageOverSteps(_ x: Variable) -> Variable {
    let (lengths, steps, channels) = sequences(x, "averageOverSteps")
    let y = x.makeTensor([x.shape[0], channels])
    y.fill(0)
    lengths.forEachRow(steps: steps) { row, padded, _, count in
        let sum = y.pointer + row * channels
        for step in 0..<count {
            Kernels.accumulate(x.value.pointer + (padded + step) * channels, into: sum, count: channels)
        }
        for c in 0..<channels where count > 0 { sum[c] /= Float(count) }
    }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: lengths.counts.count * steps * channels) }
            lengths.forEachRow(steps: steps) { row, padded, _, count in
                let source = gradient.pointer + row * channels
                for step in 0..<count {
                    let target = dx + (padded + step) * channels
                    for c in 0..<channels { target[c] += source[c] / Float(count) }
                }
            }
        }
    }
}

/// The largest of each sequence's steps, of each channel: x [N, T, C] with lengths → [N, C]; zero of a sequence without
/// steps. The gradient goes to the first of equal ones.
package func largestOverSteps(_ x: Variable) -> Variable {
    let (lengths, steps, channels) = sequences(x, "largestOverSteps")
    let y = x.makeTensor([x.shape[0], channels])
    y.fill(0)
    // The step of each largest value, exact as a float.
    let places = x.makeTensor([x.shape[0], channels])
    places.fill(0)
    lengths.forEachRow(steps: steps) { row, padded, _, count in
        let (best, place) = (y.pointer + row * channels, places.pointer + row * channels)
        for step in 0..<count {
            let values = x.value.pointer + (padded + step) * channels
            for c in 0..<channels where step == 0 || values[c] > best[c] || values[c].isNaN {
                best[c] = values[c]
                place[c] = Float(step)
            }
        }
    }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: lengths.counts.count * steps * channels) }
            lengths.forEachRow(steps: steps) { row, padded, _, count in
                for c in 0..<channels where count > 0 {
                    let step = Int(places.pointer[row * channels + c])
                    dx[(padded + step) * channels + c] += gradient.pointer[row * channels + c]
                }
            }
        }
    }
}

private func sequences(
    _ x: Variable, _ operation: String
) -> (lengths: SequenceLengths, steps: Int, channels: Int) {
    guard let lengths = x.lengths, x.shape.rank == 3 else {
        preconditionFailure("\(operation): \(x.shape) without lengths")
    }
    lengths.require(x, operation)
    return (lengths, x.shape[1], x.shape[2])
}
