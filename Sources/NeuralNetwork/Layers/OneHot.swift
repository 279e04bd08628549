import Autograd
import ConfigurationReading
import TensorCore

/// A vector of zeros with a one at the token or class: [N, T] → [N, T, classes].
struct OneHot: UnaryLayer {
    let classes: Int

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { oneHot(x, classes: classes) }

    func fused(with next: any Layer) -> (any Layer)? { (next as? Recurrent)?.reading(.oneHot(classes: classes)) }

    static let entry = LayerEntry(
        "oneHot", "For each token, or class, of a field a vector of zeros with a one at its place.",
        shorthand: "vocabulary"
    ) { reader in
        Kind(
            vocabulary: reader.optional(
                "vocabulary", .integer(in: 1...),
                "Numbers of a vector, at least as many as the data have tokens; just those if absent."))
    }

    struct Kind: LayerKind {
        /// Numbers of a vector; nil for the tokens of the field.
        let vocabulary: Int?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            let classes = try builder.vocabulary(of: inputs[0], atMost: vocabulary, path)
            let output = Shape(input.dimensions + [classes])
            try builder.requireSize(output, path)
            return builder.add(OneHot(classes: classes), "oneHot", inputs, output, path)
        }
    }
}

extension LayerSpecification {
    /// One number for each token or class of the field that the layer reads.
    package static var oneHot: LayerSpecification { .init(OneHot.Kind(vocabulary: nil)) }
}
