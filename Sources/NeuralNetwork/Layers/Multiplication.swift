import Autograd
import ConfigurationReading
import TensorCore

/// The product of several values of one shape, element by element; some may be vectors, which go with every position of
/// the first.
struct Multiplication: Layer {
    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable {
        inputs.dropFirst().reduce(inputs[0]) { product, factor in
            factor.shape.rank == product.shape.rank
                ? multiply(product, factor) : multiplyAtPositions(product, factor)
        }
    }

    static let entry = LayerEntry(
        "multiply",
        "The product of the values that `from` names, element by element. Where the first has positions, others may be "
            + "vectors of its channels, which go with each."
    ) { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (shape, _) = try builder.combined(inputs, path)
            return builder.add(
                Multiplication(), "multiply", inputs, shape, path,
                multiplications: (inputs.count - 1) * shape.count, window: .position)
        }
    }
}

extension LayerSpecification {
    /// The product of the values that the element reads.
    package static var multiply: LayerSpecification { .init(Multiplication.Kind()) }
}
