import TensorCore

/// What a layer costs: one line of `trainer summary`.
package struct LayerSummary: Equatable, Sendable {
    package var name: String
    package var kind: String
    /// Of one sample.
    package var outputShape: Shape
    package var counts: LayerParameters
    package var operations: LayerOperations
    /// How it reads its inputs.
    package var window: ReceptiveWindow
    /// What its values depend on.
    package var field: ReceptiveField
    /// Whether its result can take the place of what it reads: an element-wise function, or the same values in another
    /// shape.
    package var isInPlace: Bool
    /// Trainable values.
    package var parameters: Int { counts.trained }
    package var multiplyAdds: Int { operations.multiplyAdds }
    /// Bytes of the output for one sample.
    package var activationBytes: Int { outputShape.count * 4 }
}

/// The numbers that a layer keeps.
package struct LayerParameters: Equatable, Sendable {
    /// Learned numbers that are not biases.
    package var weights: Int
    /// Learned numbers that are only added; PyTorch names them `bias`.
    package var biases: Int
    /// Numbers that are not learned from gradients: running statistics and constants.
    package var untrained: Int
    /// Whether they are another layer's, so that a total counts them there.
    package var areShared: Bool

    package init(weights: Int = 0, biases: Int = 0, untrained: Int = 0, areShared: Bool = false) {
        self.weights = weights
        self.biases = biases
        self.untrained = untrained
        self.areShared = areShared
    }

    package var trained: Int { weights + biases }

    package static func + (a: LayerParameters, b: LayerParameters) -> LayerParameters {
        LayerParameters(
            weights: a.weights + b.weights, biases: a.biases + b.biases, untrained: a.untrained + b.untrained)
    }
}

/// The arithmetic of one sample's forward pass in evaluation, by the direct algorithm.
///
/// Comparisons, roots and functions such as eˣ are not counted. Taps of a window that lie in the padding are.
package struct LayerOperations: Equatable, Sendable {
    /// Products that are added up, the usual measure of convolutions and linear layers.
    package var multiplyAdds: Int
    package var multiplications: Int
    package var additions: Int

    package init(multiplyAdds: Int = 0, multiplications: Int = 0, additions: Int = 0) {
        self.multiplyAdds = multiplyAdds
        self.multiplications = multiplications
        self.additions = additions
    }

    package static func + (a: LayerOperations, b: LayerOperations) -> LayerOperations {
        LayerOperations(
            multiplyAdds: a.multiplyAdds + b.multiplyAdds, multiplications: a.multiplications + b.multiplications,
            additions: a.additions + b.additions)
    }
}

extension Sequence<LayerSummary> {
    /// The numbers of the layers, each once.
    package var totalParameters: LayerParameters {
        lazy.map(\.counts).filter { !$0.areShared }.reduce(LayerParameters(), +)
    }

    package var totalOperations: LayerOperations { lazy.map(\.operations).reduce(LayerOperations(), +) }

    /// Values of one sample that do not overwrite others: the results of layers that can't work in place.
    package var distinctActivations: Int { reduce(0) { $0 + ($1.isInPlace ? 0 : $1.outputShape.count) } }
}

extension Model {
    /// The numbers of all layers, each once.
    package var totalParameters: LayerParameters { rows.totalParameters }

    /// Values of one sample.
    package var inputValues: Int { inputs.reduce(0) { $0 + $1.shape.count } }

    /// Values of one sample in evaluation that do not overwrite others: the inputs, and the results of layers that
    /// can't work in place.
    package var distinctActivations: Int { inputValues + inferenceRows.distinctActivations }
}
