import Autograd
import ConfigurationReading

/// An image [N, H, W, C] becomes a vector [N, C·H·W] in the order (c, h, w), as PyTorch's; a sequence [N, T, C] keeps
/// its order.
struct Flatten: UnaryLayer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { flatten(x) }

    static let entry = LayerEntry("flatten", "Joins positions and channels into one vector.") { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            return builder.add(Flatten(), "flatten", inputs, [input.count], path, inPlace: true)
        }
    }
}

extension LayerSpecification {
    package static var flatten: LayerSpecification { .init(Flatten.Kind()) }
}
