import Autograd
import ConfigurationReading

/// A value of each window drawn in proportion to the values in training, their mean with these probabilities in
/// evaluation; Zeiler and Fergus 2013.
struct StochasticPooling: UnaryLayer {
    let attributes: PoolingAttributes
    /// Tells the model's random layers apart.
    let number: Int

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        stochasticPool2D(x, attributes, layer: number, mode: mode)
    }

    static let entry = LayerEntry(
        "stochasticPool",
        "A value of each window, in training drawn in proportion to the values; in evaluation their mean with these "
            + "probabilities. Negative values count as 0.",
        shorthand: "kernel"
    ) { Kind(window: Pooling(from: $0)) }

    struct Kind: LayerKind {
        let window: Pooling

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (attributes, output) = try window.fitted(builder, inputs, path)
            let layer = StochasticPooling(attributes: attributes, number: builder.randomNumber(path))
            // In evaluation: the values' squares and both sums.
            let area = window.kernel.height * window.kernel.width
            return builder.add(
                layer, "stochasticPool", inputs, output, path, multiplyAdds: area * output.count,
                multiplications: (area + 1) * output.count, additions: 2 * (area - 1) * output.count,
                window: window.taps(attributes))
        }
    }
}

extension LayerSpecification {
    package static func stochasticPool(_ window: Pooling) -> LayerSpecification {
        .init(StochasticPooling.Kind(window: window))
    }
}
