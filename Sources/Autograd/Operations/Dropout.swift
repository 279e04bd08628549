import Kernels
import TensorCore

/// x · mask / (1 − p) in training, x in evaluation; each element is dropped with probability p.
///
/// Srivastava et al. 2014, with inverted scaling. The mask is a function of the grain's key and `layer`, so backward
/// computes it again instead of keeping it.
package func dropout(_ x: Variable, probability: Float, layer: Int, mode: Mode) -> Variable {
    precondition(probability >= 0 && probability < 1, "dropout: probability \(probability) is not in 0..<1")
    guard case .training(let key) = mode, probability > 0 else { return x }
    let mask = key.folding(.dropout).folding(layer)
    let y = x.makeTensor(x.shape)
    Kernels.dropout(x.value.pointer, into: y.pointer, count: y.count, probability: probability, key: mask)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            Kernels.dropout(
                gradient.pointer, into: dx, count: gradient.count, probability: probability, key: mask,
                accumulate: accumulate)
        }
    }
}
