import Kernels
import TensorCore

/// What a rectifier's pullback lets pass.
package enum RectifierGradient: Sendable {
    /// dy where the output is positive: the derivative.
    case derivative
    /// Of that only what is positive itself: guided backpropagation (Springenberg et al. 2015, section 3.4). It is no
    /// gradient of anything, and its pictures are sharper.
    case guided
}

/// dy where the rectified `output` is positive, else 0, as ``Tape/rectifierGradient`` says; in place when `dy` has no
/// other owner.
func rectified(_ dy: consuming Tensor, output: Tensor, _ tape: Tape) -> Tensor {
    var dy = dy
    let target = dy.isUniquelyOwned() ? dy : Tensor(dy.shape, pool: tape.pool)
    rectifyGradient(output: output.pointer, dy.pointer, into: target.pointer, count: target.count)
    if tape.rectifierGradient == .guided { rectify(target.pointer, count: target.count) }
    return target
}

/// What a pullback that finds by itself where the rectified output is positive starts from: dy, or what of it
/// ``Tape/rectifierGradient`` lets pass.
func passed(_ dy: consuming Tensor, _ tape: Tape) -> Tensor {
    guard tape.rectifierGradient == .guided else { return dy }
    var dy = dy
    if dy.isUniquelyOwned() {
        rectify(dy.pointer, count: dy.count)
        return dy
    }
    let target = Tensor(dy.shape, pool: tape.pool)
    target.copy(from: dy)
    rectify(target.pointer, count: target.count)
    return target
}
