import Kernels
import TensorCore

/// When dropout makes up for the share of values that training leaves out.
package enum DropoutScaling: String, Sendable, CaseIterable {
    /// What is kept is scaled by 1 / (1 − p), and evaluation is the identity: inverted scaling, the usual one.
    case training
    /// What is kept stays as it is, and evaluation scales everything by 1 − p: Hinton et al. 2012, Srivastava et al.
    /// 2014, who scale the weights behind it, which is the same.
    case evaluation
}

/// x · mask / (1 − p) in training, x in evaluation; each element is dropped with probability p.
///
/// With `scaling` in evaluation x · mask and (1 − p) · x. Srivastava et al. 2014. The mask is a function of the grain's
/// key and `layer`, so backward computes it again instead of keeping it.
package func dropout(
    _ x: Variable, probability: Float, layer: Int, scaling: DropoutScaling = .training, mode: Mode
) -> Variable {
    precondition(probability >= 0 && probability < 1, "dropout: probability \(probability) is not in 0..<1")
    guard probability > 0 else { return x }
    guard let key = mode.dropoutKey else {
        return scaling == .training ? x : scaled(x, by: 1 - probability)
    }
    let mask = key.folding(.dropout).folding(layer)
    let scale = scaling == .training ? 1 / (1 - probability) : 1
    let y = x.makeTensor(x.shape)
    Kernels.dropout(
        x.value.pointer, into: y.pointer, count: y.count, probability: probability, scale: scale, key: mask)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            Kernels.dropout(
                gradient.pointer, into: dx, count: gradient.count, probability: probability, scale: scale, key: mask,
                accumulate: accumulate)
        }
    }
}
