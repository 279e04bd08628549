import Autograd
import ConfigurationReading
import TensorCore

/// A learned vector for each token or class: [N, T] → [N, T, units]. Bengio et al. 2003.
struct Embedding: UnaryLayer {
    let weight: Parameter

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { embedding(x, x.parameter(weight)) }

    func fused(with next: any Layer) -> (any Layer)? { (next as? Recurrent)?.reading(.embedding(weight)) }

    static let entry = LayerEntry(
        "embedding", "A learned vector for each token, or class, of a field.", shorthand: "units"
    ) { reader in
        Kind(
            units: reader.required("units", .integer(in: 1...), "Numbers of a vector."),
            vocabulary: reader.optional(
                "vocabulary", .integer(in: 1...),
                "How many tokens have a vector, at least those of the data; just those if absent."))
    }

    struct Kind: LayerKind {
        let units: Int
        /// How many tokens have a vector; nil for those of the field.
        let vocabulary: Int?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            let rows = try builder.vocabulary(of: inputs[0], atMost: vocabulary, path)
            // PyTorch draws them so.
            let weight = try builder.parameter(path + ".weight", [rows, units], .normal(1))
            let output = Shape(input.dimensions + [units])
            try builder.requireSize(output, path)
            return builder.add(Embedding(weight: weight), "embedding", inputs, output, path)
        }
    }
}

extension LayerSpecification {
    /// - Parameter vocabulary: nil for that of the field which the layer reads.
    package static func embedding(units: Int, vocabulary: Int? = nil) -> LayerSpecification {
        .init(Embedding.Kind(units: units, vocabulary: vocabulary))
    }
}
