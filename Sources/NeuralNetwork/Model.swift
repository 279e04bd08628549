import Autograd
import Kernels
import TensorCore

/// A part of a model: a function of a value, with named parameters that live in the model's flat memory.
///
/// Layers are immutable and shared by all workers. A new layer is a struct with its parameters, this call, a case of
/// ``LayerSpecification`` and a branch in ``ModelBuilder``.
package protocol Layer: Sendable {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable
}

/// A network: its layers, where its parameters lie, and what each layer costs.
package struct Model: Sendable {
    package let name: String
    /// The shape of one sample, channels last.
    package let inputShape: Shape
    /// The shape of one sample's output.
    package let outputShape: Shape
    package let layout: ModelLayout
    /// How fast running statistics follow, by index of the statistic.
    package let statisticsMomentum: [Int: Float]
    package let rows: [LayerSummary]
    /// How each parameter's values are ordered in exchanged files, by index.
    package let exchangeLayouts: [ExchangeLayout]
    /// The shapes of its convolutions for one sample, in order of use.
    package let convolutions: [ConvolutionGeometry]
    private let root: any Layer

    /// - Parameter convolutions: how convolutions are computed.
    /// - Throws: ``ModelError`` when a layer does not fit its input.
    package init(
        name: String, input: Shape, layers: [LayerSpecification],
        convolutions preference: ConvolutionPreference = .automatic
    ) throws {
        var builder = ModelBuilder(preference: preference)
        let (root, output) = try builder.sequence(layers, input: input, prefix: "")
        self.name = name
        inputShape = input
        outputShape = output
        layout = ModelLayout(builder.parameters)
        statisticsMomentum = builder.statisticsMomentum
        rows = builder.rows
        convolutions = builder.convolutions
        exchangeLayouts = builder.exchangeLayouts
        self.root = root
    }

    /// The output for a batch [N, inputShape…] → [N, outputShape…]; a model of vectors also takes images of as many
    /// values.
    package func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let sample = x.shape.sample
        let isFlattened = inputShape.rank == 1 && sample.rank > 1 && sample.count == inputShape.count
        precondition(sample == inputShape || isFlattened, "\(name): input \(x.shape), expected [N] + \(inputShape)")
        return root(isFlattened ? flatten(x) : x, mode: mode)
    }

    /// running ← (1 − m) · running + m · statistics / samples, for every running statistic.
    ///
    /// - Parameter sums: a step's flat sum, whose statistics are Σ over samples.
    package func updateStatistics(_ values: FlatBuffer, sums: UnsafePointer<Float>, samples: Float) {
        for parameter in layout.parameters where !parameter.isTrainable {
            let momentum = statisticsMomentum[parameter.index] ?? 0.1
            let offset = layout.offsets[parameter.index]
            for i in offset..<offset + parameter.shape.count {
                values.pointer[i] = (1 - momentum) * values.pointer[i] + momentum * (sums[i] / samples)
            }
        }
    }
}

/// How a parameter's values are ordered in exchanged files, which follow PyTorch: channels first.
package enum ExchangeLayout: Equatable, Sendable {
    case same
    /// Filters [O, kh, kw, I] here, [O, I, kh, kw] there.
    case filters
    /// Linear weights on a flattened image: columns ordered (h, w, c) here, (c, h, w) there.
    case flattenedImage(height: Int, width: Int, channels: Int)
}

/// One line of `trainer summary`.
package struct LayerSummary: Equatable, Sendable {
    package var name: String
    package var kind: String
    /// Of one sample.
    package var outputShape: Shape
    /// Trainable values.
    package var parameters: Int
    /// Multiply-adds of the direct algorithm for one sample's forward pass.
    package var multiplyAdds: Int
    /// Bytes of the output for one sample.
    package var activationBytes: Int { outputShape.count * 4 }
}

/// Why a list of layers is no model.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    /// A window is larger than its padded input.
    case doesNotFit(layer: String, input: Shape, window: String)
    case wrongRank(layer: String, input: Shape, expected: String)
    case groups(layer: String, groups: Int, inputChannels: Int, outputChannels: Int)
    case branchesDiffer(layer: String, Shape, Shape)
    case duplicateName(String)
    /// A parameter, or one sample's output, with more values than 32-bit indices reach; `extents` are its shape.
    case tooLarge(layer: String, extents: [Int])
    case empty

    package var description: String {
        switch self {
        case .doesNotFit(let layer, let input, let window):
            "layer \(layer): a window of \(window) does not fit its input \(input); use a smaller kernel, more "
                + "padding or fewer pooling layers before it"
        case .wrongRank(let layer, let input, let expected):
            "layer \(layer): its input has shape \(input), but it takes "
                + "\(expected)\(expected.hasPrefix("a vector") ? "; put `flatten` before it" : "")"
        case .groups(let layer, let groups, let i, let o):
            "layer \(layer): \(groups) groups do not divide \(i) input and \(o) output channels; choose a divisor of "
                + "both"
        case .branchesDiffer(let layer, let a, let b):
            "layer \(layer): branches of shapes \(a) and \(b) can't be joined; give both the same strides and "
                + "paddings (and, to add them, filters)"
        case .duplicateName(let name): "two parameters are named \(name); give the layers different names"
        case .tooLarge(let layer, let extents):
            "layer \(layer): \(extents.map(String.init).joined(separator: " × ")) values are more than \(Int32.max); "
                + "make the layer smaller"
        case .empty: "the model has no layers; list at least one under `layers`"
        }
    }
}
