import Kernels
import TensorCore

/// A value on a tape: a tensor, and where its gradient goes.
package struct Variable {
    package let value: Tensor
    let identity: Identity
    package unowned(unsafe) let tape: Tape
    /// How many steps each row has, of sequences [N, T, …] that are not all equally long; nil where all rows are whole.
    package var lengths: SequenceLengths?
    /// Which nodes of a graph the rows stand for; nil where rows are samples.
    package var rows: NodeRows?

    /// What a value is to the tape.
    enum Identity: Equatable {
        /// Needs no gradient.
        case constant
        /// The result of a recorded operation, or an input whose gradient was asked for.
        case node(Int)
        /// A weight that is trained, by index.
        case parameter(Int)
    }

    package var shape: Shape { value.shape }
    package var needsGradient: Bool { identity != .constant }

    /// Where its gradient goes.
    package var target: GradientTarget { GradientTarget(identity: identity, shape: shape) }

    /// A use of a parameter on this value's tape.
    package func parameter(_ parameter: Parameter) -> Variable { tape.parameter(parameter) }

    /// An uninitialised tensor from the tape's pool, for an operation's result.
    package func makeTensor(_ shape: Shape) -> Tensor { Tensor(shape, pool: tape.pool) }
}

/// Where the gradient of a value goes; it does not hold the value.
///
/// Pullbacks keep targets of their inputs, and of their values only those that the gradient is computed from. So the
/// memory of a value that nobody needs any more is free at once.
package struct GradientTarget {
    let identity: Variable.Identity
    package let shape: Shape

    package var needsGradient: Bool { identity != .constant }
}

/// Whether a model is being trained, which turns on dropout and batch statistics, or used.
package enum Mode: Sendable {
    /// The key is this grain's at this step; every layer folds its own number into it.
    case training(RandomKey)
    case evaluation
    /// Evaluation of one of the networks that dropout trains: masks are drawn from the key, all else is as in
    /// evaluation.
    case dropoutSample(RandomKey)

    /// What dropout draws its masks from; nil where nothing is dropped.
    package var dropoutKey: RandomKey? {
        switch self {
        case .training(let key), .dropoutSample(let key): key
        case .evaluation: nil
        }
    }

    package var isTraining: Bool {
        if case .training = self { return true }
        return false
    }
}
