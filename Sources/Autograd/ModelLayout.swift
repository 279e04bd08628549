import Kernels
import TensorCore

/// Where each parameter lies in a model's flat memory, its arena.
///
/// Weights come first, in reverse order of use, so that backward fills the gradients from the front; then statistics,
/// carried state and constants, each in order of use. Every parameter begins at a multiple of 16 floats (64 bytes).
/// The values, each optimiser slot and averaged weights are buffers of this layout; what a grain computes has a
/// ``GrainVectorLayout``.
package struct ModelLayout: Sendable {
    /// All parameters in order of use.
    package let parameters: [Parameter]
    /// The first float of each parameter, by index.
    package let offsets: [Int]
    /// Floats taken by weights, padding included.
    package let trainableCount: Int
    /// Floats of the whole flat memory.
    package let count: Int
    /// Weights in the order of their offsets.
    package let trainableOrder: [Int]

    package init(_ parameters: [Parameter]) {
        self.parameters = parameters
        let weights = parameters.reversed().filter(\.isTrainable)
        let rest = [
            parameters.filter(\.isStatistic), parameters.filter { $0.role == .carried },
            parameters.filter { $0.role == .constant },
        ]
        var offsets = Array(repeating: 0, count: parameters.count)
        var next = 0
        var weightEnd = 0
        for (group, members) in ([weights] + rest).enumerated() {
            for parameter in members {
                offsets[parameter.index] = next
                next += ModelLayout.padded(parameter.shape.count)
            }
            if group == 0 { weightEnd = next }
        }
        trainableCount = weightEnd
        count = next
        trainableOrder = weights.map(\.index)
        self.offsets = offsets
    }

    /// The next multiple of 16, a whole number of cache lines.
    static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// The number of trainable values, as papers count parameters.
    package var trainableParameterCount: Int { parameters.reduce(0) { $0 + ($1.isTrainable ? $1.shape.count : 0) } }

    /// The parameter whose values include float `offset` of the flat memory; nil in padding.
    package func parameter(at offset: Int) -> Parameter? {
        parameters.first { offset >= offsets[$0.index] && offset < offsets[$0.index] + $0.shape.count }
    }

    /// Writes every parameter's first values into a buffer of this layout.
    ///
    /// The key is folded with the parameter's name: a layer that is added, removed or moved changes no other's first
    /// values.
    package func initialize(_ values: FlatBuffer, key: RandomKey) {
        precondition(values.count >= count, "initialize: a buffer of \(values.count) floats for a layout of \(count)")
        let key = key.folding(.initialisation)
        for parameter in parameters {
            parameter.initializer.fill(
                values.pointer + offsets[parameter.index], shape: parameter.shape,
                key: key.folding(name: parameter.name))
        }
    }
}
