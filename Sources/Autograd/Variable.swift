import Kernels
import TensorCore

/// A value on a tape: a tensor, and where its gradient goes.
package struct Variable {
    package let value: Tensor
    let identity: Identity
    unowned(unsafe) let tape: Tape

    /// What a value is to the tape.
    enum Identity: Equatable {
        /// Needs no gradient.
        case constant
        /// The result of a recorded operation, or an input whose gradient was asked for.
        case node(Int)
        /// A trainable parameter, by index.
        case parameter(Int)
    }

    package var shape: Shape { value.shape }
    package var needsGradient: Bool { identity != .constant }

    /// A use of a parameter on this value's tape.
    package func parameter(_ parameter: Parameter) -> Variable { tape.parameter(parameter) }

    /// An uninitialised tensor from the tape's pool, for an operation's result.
    func makeTensor(_ shape: Shape) -> Tensor { Tensor(shape, pool: tape.pool) }
}

/// Whether a model is being trained, which turns on dropout and batch statistics, or used.
package enum Mode: Sendable {
    /// The key is this grain's at this step; every layer folds its own number into it.
    case training(RandomKey)
    case evaluation

    package var isTraining: Bool {
        if case .training = self { return true }
        return false
    }
}
