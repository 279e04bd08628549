import Kernels
import TensorCore

/// Filters turned by half a circle: w [O, kh, kw, C] → the same shape, tap (i, j) from (kh − 1 − i, kw − 1 − j).
///
/// Cross-correlation with these is true convolution with `filters`: Σ x(p − i, q − j) w(i, j).
package func flipped(_ filters: Variable) -> Variable {
    precondition(filters.shape.rank == 4, "flipped: \(filters.shape)")
    let (outputs, taps) = (filters.shape[0], filters.shape[1] * filters.shape[2])
    let channels = filters.shape[3]
    @inline(__always)
    func forEachTap(_ body: (_ here: Int, _ there: Int) -> Void) {
        for o in 0..<outputs {
            for tap in 0..<taps { body((o * taps + tap) * channels, (o * taps + taps - 1 - tap) * channels) }
        }
    }
    let y = filters.makeTensor(filters.shape)
    forEachTap { here, there in (y.pointer + here).update(from: filters.value.pointer + there, count: channels) }
    return filters.tape.record(y, filters) { [filters = filters.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: filters) { dw, accumulate in
            forEachTap { here, there in
                if accumulate {
                    Kernels.accumulate(gradient.pointer + here, into: dw + there, count: channels)
                } else {
                    (dw + there).update(from: gradient.pointer + here, count: channels)
                }
            }
        }
    }
}
