import Kernels
import TensorCore

/// x + n with n ~ N(0, deviation²) in training, x in evaluation.
///
/// The noise is a function of the grain's key and `layer`. No gradient is changed by it.
package func gaussianNoise(_ x: Variable, deviation: Float, layer: Int, mode: Mode) -> Variable {
    guard case .training(let key) = mode, deviation > 0 else { return x }
    let y = x.makeTensor(x.shape)
    sampleNormal(
        around: x.value.pointer, deviation: deviation, into: y.pointer, count: y.count,
        key: key.folding(name: "gaussianNoise").folding(layer))
    return x.tape.record(y, x) { [x = x.target] tape, dy in tape.accumulate(dy, into: x) }
}
