import Autograd
import ConfigurationReading
import TensorCore

/// Normalises each vector [F], each position of a sequence [T, C] or of an image [H, W, C] over its last dimension.
///
/// Ba, Kiros and Hinton 2016; [N, …, C] → the same. An image's positions are normalised over their channels, each by
/// itself: PyTorch's `LayerNorm(C)` where the channels are last, not over height and width too.
struct LayerNormalization: UnaryLayer {
    /// γ and β; nil where there are none.
    let affine: (gamma: Parameter, beta: Parameter)?
    let epsilon: Float

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        layerNormalization(
            x, affine: affine.map { (x.parameter($0.gamma), x.parameter($0.beta)) }, epsilon: epsilon)
    }

    static let entry = LayerEntry(
        "layerNorm",
        "Layer normalisation: over the features of a vector; over the channels of each position of a sequence or an "
            + "image."
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let epsilon: Double
        /// Whether there are γ and β.
        let affine: Bool

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            let channels: Shape = [input[-1]]
            let parameters =
                affine
                ? (
                    gamma: try builder.parameter(path + ".weight", channels, .ones),
                    beta: try builder.parameter(path + ".bias", channels, .zeros)
                ) : nil
            // A vector of C: its mean takes C − 1 additions and a product, the differences from it C; the variance C
            // squares, their mean and ε; then a factor, and γ and β, for each value.
            let (vectors, gains) = (input.count / max(channels.count, 1), affine ? input.count : 0)
            return builder.add(
                LayerNormalization(affine: parameters, epsilon: Float(epsilon)), "layerNorm", inputs, input, path,
                multiplications: 2 * input.count + 2 * vectors + gains,
                additions: 3 * input.count - vectors + gains)
        }
    }
}

extension LayerNormalization.Kind {
    init(from reader: ConfigurationReader) {
        epsilon = reader.value("epsilon", .number(above: 0), default: 1e-5, "Added to the variance.")
        affine = reader.value(
            "affine", .flag, default: true, "Whether a learned gain multiplies the result and a learned bias is added.")
    }
}

extension LayerSpecification {
    package static func layerNorm(epsilon: Double = 1e-5, affine: Bool = true) -> LayerSpecification {
        .init(LayerNormalization.Kind(epsilon: epsilon, affine: affine))
    }
}
