import Autograd
import ConfigurationReading
import TensorCore

/// A vector [N, C·H·W] in PyTorch's order (c, h, w) becomes an image [N, H, W, C], or one [N, T·C] a sequence
/// [N, T, C]: the inverse of `flatten`.
struct Unflatten: UnaryLayer {
    let shape: Shape

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { unflatten(x, into: shape) }

    static let entry = LayerEntry(
        "unflatten", "A vector as an image or a sequence again, the inverse of `flatten`.", shorthand: "shape"
    ) { reader in
        Kind(
            shape: Shape(
                reader.required(
                    "shape", .list(of: .integer(in: 1...), atLeast: 1),
                    "The image: [height, width, channels]; or the sequence: [steps, channels].")))
    }

    struct Kind: LayerKind {
        /// Of one sample, channels last.
        let shape: Shape

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            try builder.requireSize(shape, path)
            guard input.rank == 1, input.count == shape.count else {
                throw ModelError.otherCount(layer: path, input: input, shape: shape)
            }
            return builder.add(Unflatten(shape: shape), "unflatten", inputs, shape, path, inPlace: true)
        }
    }
}

extension LayerSpecification {
    /// - Parameter shape: of one sample, channels last.
    package static func unflatten(into shape: Shape) -> LayerSpecification { .init(Unflatten.Kind(shape: shape)) }
}
