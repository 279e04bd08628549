import Autograd
import ConfigurationReading

/// The root of each window's sum of squares.
struct L2Pooling: UnaryLayer {
    let attributes: PoolingAttributes

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { l2Pool2D(x, attributes) }

    static let entry = LayerEntry("l2Pool", "Root of the sum of squares of each window.", shorthand: "kernel") {
        Kind(window: Pooling(from: $0))
    }

    struct Kind: LayerKind {
        let window: Pooling

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (attributes, output) = try window.fitted(builder, inputs, path)
            return builder.add(
                L2Pooling(attributes: attributes), "l2Pool", inputs, output, path,
                multiplyAdds: window.kernel.height * window.kernel.width * output.count,
                window: window.taps(attributes))
        }
    }
}

extension LayerSpecification {
    package static func l2Pool(_ window: Pooling) -> LayerSpecification { .init(L2Pooling.Kind(window: window)) }
}
