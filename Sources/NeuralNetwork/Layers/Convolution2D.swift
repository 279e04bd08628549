import Autograd
import ConfigurationReading
import TensorCore

/// Cross-correlation: [N, H, W, C] → [N, H′, W′, O].
struct Convolution2D: UnaryLayer {
    let weight: Parameter
    let bias: Parameter?
    let attributes: ConvolutionAttributes
    var rectifies = false
    /// Max pooling of the rectified output.
    var pooling: PoolingAttributes?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        if let pooling {
            return convolutionMaxPool2D(
                x, x.parameter(weight), bias: bias.map(x.parameter), attributes, pooling: pooling)
        }
        return convolution2D(x, x.parameter(weight), bias: bias.map(x.parameter), attributes, rectify: rectifies)
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard pooling == nil else { return nil }
        var copy = self
        if !rectifies, next is Rectifier {
            copy.rectifies = true
        } else if rectifies, let next = next as? MaxPooling {
            copy.pooling = next.attributes
        } else {
            return nil
        }
        return copy
    }

    static let entry = LayerEntry("conv", "2-D convolution (cross-correlation).") { Convolution(from: $0) }
}

/// A 2-D convolution as a configuration describes it.
package struct Convolution: LayerKind {
    package var filters: Int
    package var kernel: Size
    package var stride: Size
    package var padding: Padding
    package var dilation: Size
    package var groups: Int
    package var bias: Bool
    /// How the filters are drawn; nil for uniform in ±1/√fan-in.
    package var initializer: LayerInitializer?

    package init(
        filters: Int, kernel: Size, stride: Size = Size(1), padding: Padding = .explicit(Size(0)),
        dilation: Size = Size(1), groups: Int = 1, bias: Bool = true, initializer: LayerInitializer? = nil
    ) {
        self.filters = filters
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        self.bias = bias
        self.initializer = initializer
    }

    init(from reader: ConfigurationReader) {
        self.init(
            filters: reader.required("filters", .integer(in: 1...), "Number of output channels."),
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of the filters."),
            stride: reader.value("stride", .size(in: 1...), default: 1, "Distance between neighbouring windows."),
            padding: reader.value("padding", .padding, default: 0, "Zeros around the image."),
            dilation: reader.value("dilation", .size(in: 1...), default: 1, "Distance between the taps of a filter."),
            groups: reader.value("groups", .integer(in: 1...), default: 1, "Number of separate groups of channels."),
            bias: reader.value("bias", .flag, default: true, "Whether a bias is added; not needed before batchNorm."),
            initializer: reader.optional("initializer", .section(), "How the initial filters are drawn."))
        if filters % groups != 0 {
            reader.refuse(
                "groups",
                because:
                    "\(filters) filters cannot be shared out evenly over \(groups) groups; make filters a multiple."
            )
        }
    }

    package func build(
        _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> GraphBuilder.Node {
        let input = try builder.image(inputs, path)
        guard input[2] % groups == 0, filters % groups == 0 else {
            throw ModelError.groups(layer: path, groups: groups, inputChannels: input[2], outputChannels: filters)
        }
        var attributes = ConvolutionAttributes(
            stride: stride.extents,
            padding: padding.extents(input: input, kernel: kernel, stride: stride, dilation: dilation),
            dilation: dilation.extents, groups: groups)
        let shape: Shape = [filters, kernel.height, kernel.width, input[2] / groups]
        try builder.requireSize(shape, path)
        let geometry = attributes.geometry(input: input.batched(1), filters: shape)
        guard geometry.outputHeight > 0, geometry.outputWidth > 0 else {
            throw ModelError.doesNotFit(layer: path, input: input, window: "\(kernel.height)×\(kernel.width)")
        }
        let output: Shape = [geometry.outputHeight, geometry.outputWidth, filters]
        try builder.requireSize(output, path)
        let (weight, bias) = try builder.weightAndBias(
            path, shape, initializer, bias: bias, layout: .filters)
        attributes.algorithm = builder.algorithm(for: geometry)
        return builder.add(
            Convolution2D(weight: weight, bias: bias, attributes: attributes), "conv", inputs, output, path,
            multiplyAdds: geometry.multiplyAdds,
            window: .window(
                kernel: kernel, dilation: dilation, stride: stride, top: attributes.padding[0],
                left: attributes.padding[2]))
    }
}

extension LayerSpecification {
    package static func convolution(_ convolution: Convolution) -> LayerSpecification { .init(convolution) }
}
