import Autograd
import ConfigurationReading
import TensorCore

/// tanh of the first half of the channels times sigmoid of the second: [N, …, 2 C] → [N, …, C]. Van den Oord et al.
/// 2016.
struct Gate: UnaryLayer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { gate(x) }

    static let entry = LayerEntry(
        "gate", "A gated activation: tanh of the first half of the channels times sigmoid of the second half."
    ) { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard input.rank > 0, input[-1] % 2 == 0 else {
                throw ModelError.refused(
                    layer: path,
                    because: "the channels of its input \(input) have no two halves; give the layer before it an even "
                        + "number of outputs")
            }
            let output = Shape(input.dimensions.dropLast() + [input[-1] / 2])
            return builder.add(
                Gate(), "gate", inputs, output, path, multiplications: output.count, window: .position)
        }
    }
}

extension LayerSpecification {
    package static var gate: LayerSpecification { .init(Gate.Kind()) }
}
