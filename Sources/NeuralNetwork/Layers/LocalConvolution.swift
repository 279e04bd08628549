import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// A convolution without shared weights: [N, H, W, C] → [N, H′, W′, O], each position with filters of its own.
///
/// In files the filters are [H′ · W′ · O, C / groups, kh, kw]: those of PyTorch's convolution at each position, one
/// position after another.
struct LocalConvolution2D: UnaryLayer {
    let weight: Parameter
    let bias: Parameter?
    let attributes: ConvolutionAttributes

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        localConvolution2D(x, x.parameter(weight), bias: bias.map(x.parameter), attributes)
    }

    static let entry = LayerEntry(
        "local", "Like `conv`, but with filters of its own at each position: local connections without shared weights."
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        /// What a convolution with shared weights would be.
        let shape: Convolution

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.image(inputs, path)
            let (attributes, geometry) = try shape.geometry(builder, input: input, path)
            let output: Shape = [geometry.outputHeight, geometry.outputWidth, shape.filters]
            let filters: Shape = [
                output.count, geometry.kernelHeight, geometry.kernelWidth, geometry.groupInputChannels,
            ]
            let taps = geometry.kernelHeight * geometry.kernelWidth
            let fans = Initializer.Fans(fanIn: geometry.patchCount, fanOut: geometry.groupOutputChannels * taps)
            let (weight, bias) = try builder.weightAndBias(
                path, filters, shape.initializer, bias: shape.bias,
                fans: ([fans], [Initializer.Fans(fanIn: geometry.patchCount, fanOut: 1)]), layout: .filters)
            return builder.add(
                LocalConvolution2D(weight: weight, bias: bias, attributes: attributes), "local", inputs, output, path,
                multiplyAdds: filters.count, window: shape.window(on: input))
        }
    }
}

extension LocalConvolution2D.Kind {
    init(from reader: ConfigurationReader) {
        shape = Convolution(
            filters: reader.required("filters", .integer(in: 1...), "Number of output channels."),
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of the filters."),
            stride: reader.value("stride", .size(in: 1...), default: 1, "Distance between neighbouring windows."),
            padding: reader.value("padding", .padding, default: 0, "Zeros around the image."),
            dilation: reader.value("dilation", .size(in: 1...), default: 1, "Distance between the taps of a filter."),
            groups: reader.value("groups", .integer(in: 1...), default: 1, "Number of separate groups of channels."),
            bias: reader.value("bias", .flag, default: true, "Whether each position's filters have a bias."),
            initializer: reader.optional("initializer", .section(), "How the initial filters are drawn."))
        requireWholeGroups(reader, filters: shape.filters, groups: shape.groups)
    }
}

extension LayerSpecification {
    /// - Parameter shape: what a convolution with shared weights would be, with zeros around the image.
    package static func local(_ shape: Convolution) -> LayerSpecification {
        .init(LocalConvolution2D.Kind(shape: shape))
    }
}
