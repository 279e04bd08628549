import Autograd
import ConfigurationReading
import TensorCore

/// A mean over a node of a graph and its neighbours whose weights the nodes choose, [I] → [heads · units] a node, or
/// [units] where heads are averaged: Veličković et al. 2018, section 2.1.
struct GraphAttention: UnaryLayer {
    let weight: Parameter
    let receiving: Parameter
    let sending: Parameter
    let bias: Parameter?
    let options: NeighbourAttention

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        var transformed = linear(x, x.parameter(weight))
        transformed.rows = x.rows
        return attend(
            transformed, receiving: x.parameter(receiving), sending: x.parameter(sending),
            bias: bias.map(x.parameter), options, mode: mode)
    }

    static let entry = LayerEntry(
        "graphAttention",
        "Weighted mean over a node of a graph and its neighbours, with weights that the nodes choose; Veličković et "
            + "al. 2018.", shorthand: "units"
    ) { Kind(from: $0) }

    /// What becomes of the heads' results.
    enum Combination: String, CaseIterable, Sendable {
        case concatenate, mean
    }

    struct Kind: LayerKind {
        let units: Int
        let heads: Int
        let combination: Combination
        let dropout: Double
        let slope: Double
        let bias: Bool
        /// How the weights are drawn; nil as for `GraphConvolution`.
        let initializer: LayerInitializer?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let features = try builder.nodeFeatures(inputs, path)
            let (width, outputs) = (heads * units, combination == .mean ? units : heads * units)
            let (weight, bias) = try builder.weightAndBias(
                path, [width, features], initializer ?? .ofGraphLayer(bias: bias), bias: bias, outputs: outputs)
            let vectors: Shape = [heads, units]
            let layer = GraphAttention(
                weight: weight, receiving: try builder.parameter(path + ".receiving", vectors, .xavierUniform),
                sending: try builder.parameter(path + ".sending", vectors, .xavierUniform), bias: bias,
                options: NeighbourAttention(
                    concatenates: combination == .concatenate, slope: Float(slope), dropout: Float(dropout),
                    layer: builder.randomNumber(path)))
            return builder.add(
                layer, "graphAttention", inputs, [outputs], path, multiplyAdds: width * features + 2 * width,
                window: .everything, readsNeighbours: true)
        }
    }
}

extension GraphAttention.Kind {
    init(from reader: ConfigurationReader) {
        units = reader.required("units", .integer(in: 1...), "Numbers of a node's result from one head.")
        heads = reader.value("heads", .integer(in: 1...), default: 1, "Separate attentions.")
        combination = reader.value(
            "combine", .choice(of: GraphAttention.Combination.self), default: "concatenate",
            "What becomes of the heads' results: they stand side by side, or their mean is taken.")
        dropout = reader.value(
            "dropout", .number(in: 0..<1), default: 0,
            "Probability with which a node does not see a neighbour in training, for each head.")
        slope = reader.value(
            "slope", .number(in: 0...), default: 0.2, "Of the leaky rectifier of the scores, for negative ones.")
        bias = reader.value("bias", .flag, default: true, "Whether a bias is added.")
        initializer = LayerInitializer.ofGraphLayer(reader)
    }
}

extension LayerSpecification {
    package static func graphAttention(
        units: Int, heads: Int = 1, averagesHeads: Bool = false, dropout: Double = 0, slope: Double = 0.2,
        bias: Bool = true, initializer: LayerInitializer? = nil
    ) -> LayerSpecification {
        .init(
            GraphAttention.Kind(
                units: units, heads: heads, combination: averagesHeads ? .mean : .concatenate, dropout: dropout,
                slope: slope, bias: bias, initializer: initializer))
    }
}
