import Autograd
import ConfigurationReading
import TensorCore

/// The sum of each window times a learned coefficient of its channel, plus a learned bias: [N, H, W, C] →
/// [N, H′, W′, C].
///
/// Layers S2 and S4 of LeNet-5: LeCun, Bottou, Bengio and Haffner 1998, section II.B. There a sigmoidal function
/// follows. The first coefficients are 1 / the window's area, so that it begins as average pooling.
struct Subsampling: UnaryLayer {
    let attributes: PoolingAttributes
    let coefficient: Parameter
    let bias: Parameter

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let area = attributes.kernel[0] * attributes.kernel[1]
        return channelScale(
            averagePool2D(x, attributes), gain: x.parameter(coefficient), bias: x.parameter(bias),
            factor: Float(area))
    }

    static let entry = LayerEntry(
        "subsampling",
        "Sum of each window times a learned coefficient, plus a learned bias, one of each for a channel (LeNet-5 "
            + "of 1998).",
        shorthand: "kernel"
    ) { reader in
        Kind(
            window: Pooling(
                kernel: reader.required("kernel", .size(in: 1...), "Height and width of the window."),
                stride: reader.optional(
                    "stride", .size(in: 1...), "Distance between neighbouring windows; the kernel if absent.")))
    }

    struct Kind: LayerKind {
        let window: Pooling

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (attributes, output) = try window.fitted(builder, inputs, path)
            let channels: Shape = [output[2]]
            let layer = Subsampling(
                attributes: attributes,
                coefficient: try builder.parameter(
                    path + ".weight", channels, .constant(1 / Float(window.kernel.height * window.kernel.width))),
                bias: try builder.parameter(path + ".bias", channels, .zeros))
            return builder.add(
                layer, "subsampling", inputs, output, path, multiplications: output.count,
                additions: window.kernel.height * window.kernel.width * output.count,
                window: window.taps(attributes))
        }
    }
}

extension LayerSpecification {
    /// - Parameter stride: nil for windows that do not overlap.
    package static func subsampling(kernel: Size, stride: Size? = nil) -> LayerSpecification {
        .init(Subsampling.Kind(window: Pooling(kernel: kernel, stride: stride)))
    }
}
