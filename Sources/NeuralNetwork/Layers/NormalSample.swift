import Autograd
import ConfigurationReading
import TensorCore

/// Numbers drawn from normal distributions, of which one value that the layer reads gives the means, the other the
/// logarithms of the variances: the code of a variational autoencoder (Kingma and Welling 2014).
struct NormalSample: Layer {
    /// Tells the model's random layers apart.
    let number: Int

    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable {
        normalSample(inputs[0], logVariance: inputs[1], layer: number, mode: mode)
    }

    static let entry = LayerEntry(
        "normalSample",
        "In training numbers drawn from normal distributions, through which gradients flow: `from` names the layer of "
            + "their means and that of the logarithms of their variances, as gaussianKL has them. In evaluation the "
            + "means."
    ) { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            guard inputs.count == 2 else {
                throw ModelError.inputCount(
                    layer: path, count: inputs.count, expected: "the means and the logarithms of the variances")
            }
            let (mean, logVariance) = (builder.shape(of: inputs[0]), builder.shape(of: inputs[1]))
            guard mean == logVariance else {
                throw ModelError.refused(
                    layer: path,
                    because: "the means are \(mean), but the logarithms of the variances are \(logVariance); give both "
                        + "one shape")
            }
            return builder.add(
                NormalSample(number: builder.randomNumber(path)), "normalSample", inputs, mean, path,
                multiplications: mean.count, additions: mean.count, window: .position)
        }
    }
}

extension LayerSpecification {
    /// Samples of the normal distributions that the element's two inputs describe.
    package static var normalSample: LayerSpecification { .init(NormalSample.Kind()) }
}
