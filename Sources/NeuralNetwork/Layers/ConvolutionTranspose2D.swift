import Autograd
import ConfigurationReading
import TensorCore

/// Transposed convolution, which makes images larger: [N, H, W, C] → [N, H′, W′, O] with H′ = (H − 1) s − 2 p +
/// d (k − 1) + 1 + output padding. Zeiler et al. 2010.
///
/// Parameters have PyTorch's names and shapes in files: [C, O / groups, kh, kw].
struct ConvolutionTranspose2D: UnaryLayer {
    let weight: Parameter
    let bias: Parameter?
    let attributes: ConvolutionAttributes
    let outputPadding: [Int]
    var rectifies = false

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        convolutionTranspose2D(
            x, x.parameter(weight), bias: bias.map(x.parameter), attributes, outputPadding: outputPadding,
            rectify: rectifies)
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard !rectifies, next is Rectifier else { return nil }
        var copy = self
        copy.rectifies = true
        return copy
    }

    static let entry = LayerEntry(
        "convTranspose", "2-D transposed convolution, which makes images larger.",
        otherNames: ["Conv2DTranspose", "ConvTranspose2d"]
    ) { ConvolutionTranspose(from: $0) }
}

/// A 2-D transposed convolution as a configuration describes it.
package struct ConvolutionTranspose: LayerKind {
    package var filters: Int
    package var kernel: Size
    package var stride: Size
    /// Rows and columns that are cut off at each side of the output.
    package var padding: Size
    /// Rows and columns more at the bottom and the right.
    package var outputPadding: Size
    package var dilation: Size
    package var groups: Int
    package var bias: Bool
    /// How the filters are drawn; nil for uniform in ±1/√fan-in, where PyTorch takes the output's channels for it.
    package var initializer: LayerInitializer?

    package init(
        filters: Int, kernel: Size, stride: Size = Size(1), padding: Size = Size(0), outputPadding: Size = Size(0),
        dilation: Size = Size(1), groups: Int = 1, bias: Bool = true, initializer: LayerInitializer? = nil
    ) {
        self.filters = filters
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        self.dilation = dilation
        self.groups = groups
        self.bias = bias
        self.initializer = initializer
    }

    init(from reader: ConfigurationReader) {
        self.init(
            filters: reader.required("filters", .integer(in: 1...), "Number of output channels."),
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of the filters."),
            stride: reader.value(
                "stride", .size(in: 1...), default: 1, "How far apart the filters of neighbouring inputs are added."),
            padding: reader.value(
                "padding", .size(in: 0...), default: 0, "Rows and columns cut off at each side of the output."),
            outputPadding: reader.value(
                "outputPadding", .size(in: 0...), default: 0,
                "Rows and columns more at the bottom and the right; fewer than the stride."),
            dilation: reader.value("dilation", .size(in: 1...), default: 1, "Distance between the taps of a filter."),
            groups: reader.value("groups", .integer(in: 1...), default: 1, "Number of separate groups of channels."),
            bias: reader.value("bias", .flag, default: true, "Whether a bias is added; not needed before batchNorm."),
            initializer: reader.optional("initializer", .section(), "How the initial filters are drawn."))
        requireWholeGroups(reader, filters: filters, groups: groups)
        if outputPadding.height >= stride.height || outputPadding.width >= stride.width {
            reader.refuse(
                "outputPadding",
                because: "not less than the stride, so that the added rows would belong to further inputs; make it "
                    + "smaller or the stride larger.")
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
            stride: stride.extents, padding: [padding.height, padding.height, padding.width, padding.width],
            dilation: dilation.extents,
            groups: groups)
        let shape: Shape = [input[2], kernel.height, kernel.width, filters / groups]
        try builder.requireSize(shape, path)
        let geometry = attributes.transposedGeometry(
            input: input.batched(1), filters: shape, outputPadding: outputPadding.extents)
        let output: Shape = [geometry.inputHeight, geometry.inputWidth, filters]
        guard output.count > 0 else {
            throw ModelError.refused(
                layer: path,
                because: "a padding of \(padding.height)×\(padding.width) cuts off all of its output, which its input "
                    + "\(input) makes; use less padding, or a larger kernel or stride")
        }
        try builder.requireSize(output, path)
        let (weight, bias) = try builder.weightAndBias(
            path, shape, initializer, bias: bias, outputs: filters, layout: .filters)
        attributes.algorithm = builder.algorithm(for: geometry)
        return builder.add(
            ConvolutionTranspose2D(
                weight: weight, bias: bias, attributes: attributes, outputPadding: outputPadding.extents),
            "convTranspose", inputs, output, path, multiplyAdds: geometry.multiplyAdds,
            additions: max(geometry.multiplyAdds - output.count, 0) + (bias == nil ? 0 : output.count), window: window)
    }
}

extension ConvolutionTranspose {
    /// The pixels that an output depends on: a window over the inputs with zeros between them.
    private var window: ReceptiveWindow {
        func taps(_ kernel: Int, _ dilation: Int, _ stride: Int, _ padding: Int) -> ReceptiveWindow.Taps {
            .init(kernel, dilation: dilation, padding: dilation * (kernel - 1) - padding, spacing: stride)
        }
        return .taps([
            taps(kernel.height, dilation.height, stride.height, padding.height),
            taps(kernel.width, dilation.width, stride.width, padding.width),
        ])
    }
}

extension LayerSpecification {
    package static func convTranspose(_ convolution: ConvolutionTranspose) -> LayerSpecification { .init(convolution) }
}
