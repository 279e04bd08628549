import Autograd
import ConfigurationReading
import TensorCore

/// y = x Wᵀ + b over the last dimension: [N, I] → [N, O], or [N, T, I] → [N, T, O].
struct Linear: UnaryLayer {
    let weight: Parameter
    let bias: Parameter?
    var rectifies = false

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        linear(x, x.parameter(weight), bias: bias.map(x.parameter), rectify: rectifies)
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard !rectifies, next is Rectifier else { return nil }
        return Linear(weight: weight, bias: bias, rectifies: true)
    }

    static let entry = LayerEntry("linear", "Fully connected layer.", shorthand: "units", otherNames: ["Dense"]) {
        Kind(from: $0)
    }

    struct Kind: LayerKind {
        let units: Int
        let bias: Bool
        /// How the weights are drawn; nil for uniform in ±1/√fan-in.
        let initializer: LayerInitializer?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard input.rank == 1 || input.rank == 2 else {
                throw ModelError.wrongRank(layer: path, input: input, expected: "a vector [features]")
            }
            let features = input[-1]
            let (weight, bias) = try builder.weightAndBias(
                path, [units, features], initializer, bias: bias, factorRows: input.count / max(features, 1))
            let output = Shape(input.dimensions.dropLast() + [units])
            try builder.requireSize(output, path)
            return builder.add(
                Linear(weight: weight, bias: bias), "linear", inputs, output, path,
                multiplyAdds: units * features * (input.count / max(features, 1)),
                window: input.rank == 1 ? .everything : .position)
        }
    }
}

extension Linear.Kind {
    init(from reader: ConfigurationReader) {
        units = reader.required("units", .integer(in: 1...), "Number of outputs.")
        bias = reader.value("bias", .flag, default: true, "Whether a bias is added.")
        initializer = reader.optional("initializer", .section(), "How the initial weights are drawn.")
    }
}

extension LayerSpecification {
    package static func linear(
        units: Int, bias: Bool = true, initializer: LayerInitializer? = nil
    ) -> LayerSpecification {
        .init(Linear.Kind(units: units, bias: bias, initializer: initializer))
    }
}
