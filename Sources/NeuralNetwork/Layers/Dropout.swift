import Autograd
import ConfigurationReading

/// Srivastava et al. 2014: zero with a given probability in training, the rest scaled by 1/(1 − p); or, as there, the
/// rest as it is, and all scaled by 1 − p in evaluation.
struct Dropout: UnaryLayer {
    let probability: Float
    let scaling: DropoutScaling
    /// Tells the model's dropout layers apart.
    let number: Int

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        dropout(x, probability: probability, layer: number, scaling: scaling, mode: mode)
    }

    static let entry = LayerEntry(
        "dropout",
        "Zeroes values at random in training; as the first layer, those of the input.", shorthand: "probability"
    ) { reader in
        Kind(
            probability: reader.required("probability", .number(in: 0..<1), "Probability of a zero."),
            scaling: reader.value(
                "scaling", .choice(of: DropoutScaling.self), default: "training",
                "When the loss is made up for: `training` divides what is kept by 1 − probability, `evaluation` "
                    + "multiplies all by it then (the older convention)."))
    }

    struct Kind: LayerKind {
        let probability: Double
        let scaling: DropoutScaling

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let shape = try builder.single(inputs, path)
            let layer = Dropout(
                probability: Float(probability), scaling: scaling, number: builder.randomNumber(path))
            return builder.add(layer, "dropout", inputs, shape, path, inPlace: true)
        }
    }
}

extension LayerSpecification {
    package static func dropout(
        probability: Double, scaling: DropoutScaling = .training
    ) -> LayerSpecification {
        .init(Dropout.Kind(probability: probability, scaling: scaling))
    }
}
