import Kernels
import TensorCore

/// x Wᵀ + b of the next steps of sequences, without a gradient: x [N, 1, I], w [O, …] with I numbers an output, b [O] →
/// [N, 1, O].
package func linearStep(_ x: Variable, _ weight: Variable, bias: Variable? = nil) -> Variable {
    let outputs = weight.shape[0]
    precondition(
        x.shape.rank == 3 && x.shape[1] == 1 && weight.shape.count == outputs * x.shape[2] && !weight.needsGradient,
        "linearStep: input \(x.shape) for weights \(weight.shape)")
    let y = x.makeTensor([x.shape[0], 1, outputs])
    multiplyRows(
        m: x.shape[0], n: outputs, k: x.shape[2], x.value.pointer, weight.value.pointer, bias: bias?.value.pointer,
        into: y.pointer)
    return x.tape.constant(y)
}
