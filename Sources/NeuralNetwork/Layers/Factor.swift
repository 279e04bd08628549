import Autograd
import ConfigurationReading

/// y = c x with a given c, such as the small factor before the softmax of a network that learns with large rates.
struct Factor: UnaryLayer {
    let factor: Float

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { scaled(x, by: factor) }

    static let entry = LayerEntry("factor", "Multiplies by a given number.", shorthand: "by") { reader in
        Kind(factor: reader.required("by", .number, "The number."))
    }

    struct Kind: LayerKind {
        let factor: Double

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let shape = try builder.single(inputs, path)
            return builder.add(
                Factor(factor: Float(factor)), "factor", inputs, shape, path, multiplications: shape.count)
        }
    }
}

extension LayerSpecification {
    package static func factor(_ factor: Double) -> LayerSpecification { .init(Factor.Kind(factor: factor)) }
}
