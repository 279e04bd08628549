import Autograd

/// What a node of a graph computes: a function of values, with named parameters that live in the run's flat memory.
///
/// Layers are immutable and shared by all workers. A new layer is one file in `Layers/`: its keys and its construction
/// (a ``LayerKind``), and its computation (a `Layer`).
package protocol Layer: Sendable {
    /// The node's value from those of the nodes that it reads, in their order.
    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable

    /// This layer and then `next`, which reads nothing else, as one operation; nil where there is none.
    func fused(with next: any Layer) -> (any Layer)?

    /// A statistic that it takes over all grains of a step, which meet for it; nil where it computes each grain by
    /// itself.
    var batchStatistic: Parameter? { get }

    /// Whether a place of the result depends on that place of the inputs and earlier ones alone, and the layer
    /// remembers those where sequences are computed one position at a time (`StepMemory`). Asked of layers whose window
    /// is not the position alone.
    var isCausal: Bool { get }

    /// This layer plus one more value, its last input, as one operation; nil where there is none.
    var fusedWithSum: (any Layer)? { get }

    /// This layer plus a vector at every position, its last input, as one operation; nil where there is none.
    var fusedWithVector: (any Layer)? { get }
}

extension Layer {
    package func fused(with next: any Layer) -> (any Layer)? { nil }
    package var fusedWithSum: (any Layer)? { nil }
    package var fusedWithVector: (any Layer)? { nil }
    package var batchStatistic: Parameter? { nil }
    package var isCausal: Bool { false }
}

/// A layer that reads one value.
package protocol UnaryLayer: Layer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable
}

extension UnaryLayer {
    package func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable { self(inputs[0], mode: mode) }
}
