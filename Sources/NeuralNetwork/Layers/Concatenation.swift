import Autograd
import ConfigurationReading
import TensorCore

/// Values joined along the last dimension: [N, …, C₁], [N, …, C₂], … → [N, …, ΣC]. Szegedy et al. 2015.
struct Concatenation: Layer {
    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable { concatenate(inputs) }

    static let entry = LayerEntry(
        "concatenate", "Several paths from one input, or the values that `from` names, joined along the channels.",
        shorthand: "branches"
    ) { reader in
        Kind(
            branches: reader.optional(
                "branches", .list(of: .list(of: .section()), atLeast: 1),
                "One list of layers a path; an empty one passes the input."))
    }

    struct Kind: LayerKind {
        /// Nil where the inputs themselves are joined.
        let branches: [[LayerSpecification]]?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            var parts = inputs
            if let branches {
                _ = try builder.single(inputs, path)
                parts = []
                for (index, branch) in branches.enumerated() {
                    parts.append(
                        try builder.branch(branch, input: inputs[0], prefix: path, name: "branch\(index + 1)"))
                }
            } else if inputs.count < 2 {
                throw ModelError.inputCount(layer: path, count: inputs.count, expected: "two or more values")
            }
            let shapes = parts.map(builder.shape(of:))
            guard let first = shapes.first else { throw ModelError.empty }
            for shape in shapes where shape.dimensions.dropLast() != first.dimensions.dropLast() {
                throw ModelError.branchesDiffer(layer: path, first, shape)
            }
            let output = Shape(first.dimensions.dropLast() + [shapes.reduce(0) { $0 + $1[-1] }])
            try builder.requireSize(output, path)
            return builder.add(Concatenation(), "concatenate", parts, output, path)
        }
    }
}

extension LayerSpecification {
    package static func concatenate(branches: [[LayerSpecification]]) -> LayerSpecification {
        .init(Concatenation.Kind(branches: branches))
    }

    /// The values that the element reads, joined.
    package static var concatenate: LayerSpecification { .init(Concatenation.Kind(branches: nil)) }
}
