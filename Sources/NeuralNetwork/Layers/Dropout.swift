import Autograd
import ConfigurationReading

/// Srivastava et al. 2014: zero with a given probability in training, the rest scaled by 1/(1 − p).
struct Dropout: UnaryLayer {
    let probability: Float
    /// Tells the model's dropout layers apart.
    let number: Int

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        dropout(x, probability: probability, layer: number, mode: mode)
    }

    static let entry = LayerEntry("dropout", "Zeroes values at random in training.", shorthand: "probability") {
        Kind(probability: $0.required("probability", .number(in: 0..<1), "Probability of a zero."))
    }

    struct Kind: LayerKind {
        let probability: Double

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let shape = try builder.single(inputs, path)
            let layer = Dropout(probability: Float(probability), number: builder.randomNumber(path))
            return builder.add(layer, "dropout", inputs, shape, path, inPlace: true)
        }
    }
}

extension LayerSpecification {
    package static func dropout(probability: Double) -> LayerSpecification {
        .init(Dropout.Kind(probability: probability))
    }
}
