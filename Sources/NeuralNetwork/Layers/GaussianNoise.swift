import Autograd
import ConfigurationReading

/// Normal noise on every value in training, nothing in evaluation: on inputs a regulariser like weight decay (Bishop,
/// "Training with noise is equivalent to Tikhonov regularization", 1995), and as a discriminator's first layer what
/// keeps real and generated samples from being told apart by trifles (Arjovsky and Bottou 2017, section 3).
struct GaussianNoise: UnaryLayer {
    let deviation: Float
    /// Tells the model's random layers apart.
    let number: Int

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        gaussianNoise(x, deviation: deviation, layer: number, mode: mode)
    }

    static let entry = LayerEntry(
        "gaussianNoise", "Adds normal noise in training; as the first layer, to the input.", shorthand: "deviation"
    ) { reader in
        Kind(deviation: reader.required("deviation", .number(above: 0), "The noise's standard deviation."))
    }

    struct Kind: LayerKind {
        let deviation: Double

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let shape = try builder.single(inputs, path)
            let layer = GaussianNoise(deviation: Float(deviation), number: builder.randomNumber(path))
            return builder.add(layer, "gaussianNoise", inputs, shape, path, additions: shape.count)
        }
    }
}

extension LayerSpecification {
    package static func gaussianNoise(deviation: Double) -> LayerSpecification {
        .init(GaussianNoise.Kind(deviation: deviation))
    }
}
