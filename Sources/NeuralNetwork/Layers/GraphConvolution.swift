import Autograd
import ConfigurationReading
import TensorCore

/// D^(−½) (A + I) D^(−½) X Wᵀ + b over the nodes of a graph, [I] → [O] a node: Kipf and Welling 2017, equation 2.
///
/// The degrees D are those of the whole graph, whatever part of it a grain reads.
struct GraphConvolution: UnaryLayer {
    let weight: Parameter
    let bias: Parameter?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        var transformed = linear(x, x.parameter(weight))
        transformed.rows = x.rows
        return aggregate(transformed, .normalized, bias: bias.map(x.parameter))
    }

    static let entry = LayerEntry(
        "graphConvolution",
        "Weighted sum over a node of a graph and its neighbours, normalised by their degrees; Kipf and Welling 2017.",
        shorthand: "units"
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let units: Int
        let bias: Bool
        /// How the weights are drawn; nil for Glorot's rule, with biases that begin at 0 as in the papers.
        let initializer: LayerInitializer?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let features = try builder.nodeFeatures(inputs, path)
            let (weight, bias) = try builder.weightAndBias(
                path, [units, features], initializer ?? .ofGraphLayer(bias: bias), bias: bias)
            return builder.add(
                GraphConvolution(weight: weight, bias: bias), "graphConvolution", inputs, [units], path,
                multiplyAdds: units * features, window: .everything, readsNeighbours: true)
        }
    }
}

extension GraphConvolution.Kind {
    init(from reader: ConfigurationReader) {
        units = reader.required("units", .integer(in: 1...), "Numbers of a node's result.")
        bias = reader.value("bias", .flag, default: true, "Whether a bias is added.")
        initializer = LayerInitializer.ofGraphLayer(reader)
    }
}

extension LayerInitializer {
    /// What layers on graphs begin with unless they say otherwise.
    static func ofGraphLayer(bias: Bool) -> LayerInitializer {
        LayerInitializer(.xavierUniform, bias: bias ? [0] : nil)
    }

    /// The key that they have.
    static func ofGraphLayer(_ reader: ConfigurationReader) -> LayerInitializer? {
        reader.optional(
            "initializer", .section(),
            "How the initial weights are drawn; `{xavierUniform: {}, bias: 0}` if absent.")
    }
}

extension LayerSpecification {
    package static func graphConvolution(
        units: Int, bias: Bool = true, initializer: LayerInitializer? = nil
    ) -> LayerSpecification {
        .init(GraphConvolution.Kind(units: units, bias: bias, initializer: initializer))
    }
}
