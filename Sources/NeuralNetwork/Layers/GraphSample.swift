import Autograd
import ConfigurationReading
import TensorCore

/// W x + V · (what the neighbours say) + b over the nodes of a graph, [I] → [O] a node: GraphSAGE; Hamilton, Ying and
/// Leskovec 2017, algorithm 1 and section 3.3, with all neighbours instead of a sample of them.
///
/// What the neighbours say is their mean, or for each number the largest of them. A node without neighbours hears 0.
struct GraphSample: UnaryLayer {
    let weight: Parameter
    let neighbourWeight: Parameter
    let bias: Parameter?
    let pooling: NeighbourPooling
    /// Whether a mean has fewer numbers to add when it is taken behind the weights, where it is the same.
    let transformsFirst: Bool

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let heard: Variable
        switch pooling {
        case .maximum: heard = linear(maximumOfNeighbours(x), x.parameter(neighbourWeight))
        case .mean where transformsFirst:
            var transformed = linear(x, x.parameter(neighbourWeight))
            transformed.rows = x.rows
            heard = aggregate(transformed, .mean)
        case .mean: heard = linear(aggregate(x, .mean), x.parameter(neighbourWeight))
        }
        let own = nearRows(x, hops: (x.rows?.hops ?? 1) - 1)
        var result = add(linear(own, x.parameter(weight), bias: bias.map(x.parameter)), heard)
        result.rows = own.rows
        return result
    }

    static let entry = LayerEntry(
        "graphSage",
        "A node of a graph and, with weights of their own, the mean or the maximum of its neighbours; Hamilton et al. "
            + "2017.", shorthand: "units"
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let units: Int
        let pooling: NeighbourPooling
        let bias: Bool
        /// How the weights are drawn; nil as for `GraphConvolution`.
        let initializer: LayerInitializer?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let features = try builder.nodeFeatures(inputs, path)
            let initializer = initializer ?? .ofGraphLayer(bias: bias)
            let (weight, bias) = try builder.weightAndBias(path, [units, features], initializer, bias: bias)
            var withoutBias = initializer
            withoutBias.bias = nil
            let neighbours = try builder.weightAndBias(
                path + ".neighbours", [units, features], withoutBias, bias: false)
            let layer = GraphSample(
                weight: weight, neighbourWeight: neighbours.weight, bias: bias, pooling: pooling,
                transformsFirst: units < features)
            return builder.add(
                layer, "graphSage", inputs, [units], path, multiplyAdds: 2 * units * features, window: .everything,
                readsNeighbours: true)
        }
    }
}

/// What a node hears of its neighbours.
package enum NeighbourPooling: String, CaseIterable, Sendable {
    case mean, maximum
}

extension GraphSample.Kind {
    init(from reader: ConfigurationReader) {
        units = reader.required("units", .integer(in: 1...), "Numbers of a node's result.")
        pooling = reader.value(
            "neighbours", .choice(of: NeighbourPooling.self), default: "mean",
            "What is taken of the neighbours, number by number.")
        bias = reader.value("bias", .flag, default: true, "Whether a bias is added.")
        initializer = LayerInitializer.ofGraphLayer(reader)
    }
}

extension LayerSpecification {
    package static func graphSage(
        units: Int, _ pooling: NeighbourPooling = .mean, bias: Bool = true,
        initializer: LayerInitializer? = nil
    ) -> LayerSpecification {
        .init(GraphSample.Kind(units: units, pooling: pooling, bias: bias, initializer: initializer))
    }
}
