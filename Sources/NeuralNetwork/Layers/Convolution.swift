import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// A 2-D convolution as a configuration describes it.
package struct Convolution: LayerKind {
    package var filters: Int
    package var kernel: Size
    package var stride: Size
    package var padding: Padding
    package var paddingMode: PaddingMode
    package var dilation: Size
    package var groups: Int
    package var bias: Bool
    /// How the filters are drawn; nil for uniform in ±1/√fan-in.
    package var initializer: LayerInitializer?
    /// Whether it is true convolution, whose filters are turned by half a circle.
    package var flip: Bool
    /// The input channels that each filter reads; nil for all of its group.
    package var connections: [[Int]]?

    package init(
        filters: Int, kernel: Size, stride: Size = Size(1), padding: Padding = .explicit(Size(0)),
        paddingMode: PaddingMode = .zeros, dilation: Size = Size(1), groups: Int = 1, bias: Bool = true,
        initializer: LayerInitializer? = nil, flip: Bool = false, connections: [[Int]]? = nil
    ) {
        self.filters = filters
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.paddingMode = paddingMode
        self.dilation = dilation
        self.groups = groups
        self.bias = bias
        self.initializer = initializer
        self.flip = flip
        self.connections = connections
    }

    init(from reader: ConfigurationReader) {
        self.init(
            filters: reader.required("filters", .integer(in: 1...), "Number of output channels."),
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of the filters."),
            stride: reader.value("stride", .size(in: 1...), default: 1, "Distance between neighbouring windows."),
            padding: reader.value("padding", .padding, default: 0, "Width of the border around the image."),
            paddingMode: reader.value(
                "paddingMode", .choice(of: PaddingMode.self), default: "zeros",
                "What the border holds: `zeros`; with `circular` what lies at the opposite side of the image."),
            dilation: reader.value("dilation", .size(in: 1...), default: 1, "Distance between the taps of a filter."),
            groups: reader.value("groups", .integer(in: 1...), default: 1, "Number of separate groups of channels."),
            bias: reader.value("bias", .flag, default: true, "Whether a bias is added; not needed before batchNorm."),
            initializer: reader.optional("initializer", .section(), "How the initial filters are drawn."),
            flip: reader.value(
                "flip", .flag, default: false,
                "Whether filters are turned by half a circle: true convolution instead of cross-correlation."),
            connections: reader.optional(
                "connections", .list(of: .list(of: .integer(in: 0...), atLeast: 1), atLeast: 1),
                "For each filter the input channels that it reads, from 0; all if absent. Only these have weights, "
                    + "[connections, height, width] in the order of the list."))
        requireWholeGroups(reader, filters: filters, groups: groups)
        if let problem = connectionProblem { reader.refuse("connections", because: problem) }
    }

    /// Why the table of connections can't be one; nil where it can.
    private var connectionProblem: String? {
        guard let connections else { return nil }
        if connections.count != filters {
            return "\(connections.count) lists for \(filters) filters; give one for each filter."
        }
        if groups > 1 { return "with groups they would say twice what is connected; keep one of the two." }
        if let twice = connections.firstIndex(where: { Set($0).count < $0.count }) {
            return "filter \(twice) reads a channel twice; name it once."
        }
        return nil
    }

    package func build(
        _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> GraphBuilder.Node {
        let input = try builder.image(inputs, path)
        let made = try make(&builder, input: input, path)
        return builder.add(
            made.layer, "conv", inputs, made.output, path, multiplyAdds: made.multiplyAdds, window: window(on: input))
    }
}

/// Refuses filters that groups do not divide.
func requireWholeGroups(_ reader: ConfigurationReader, filters: Int, groups: Int) {
    if filters % groups != 0 {
        reader.refuse(
            "groups",
            because: "\(filters) filters cannot be shared out evenly over \(groups) groups; make filters a multiple.")
    }
}

extension Convolution {
    /// The layer over an image, and the shapes that it works on.
    typealias Made = (layer: Convolution2D, geometry: ConvolutionGeometry, output: Shape, multiplyAdds: Int)

    /// How far an image [H, W, C] goes on behind its opposite border, [top, bottom, left, right]; nil where it does
    /// not.
    func circularBorder(_ input: Shape) -> [Int]? {
        let border = border(input)
        return paddingMode == .circular && border.contains { $0 > 0 } ? border : nil
    }

    private func border(_ input: Shape) -> [Int] {
        padding.extents(input: input, kernel: kernel, stride: stride, dilation: dilation)
    }

    /// What is computed on an image [H, W, C] whose circular border has been laid around it. Throws ``ModelError``.
    ///
    /// - Parameter shown: the input's shape for errors, where it is another.
    func geometry(
        _ builder: GraphBuilder, input: Shape, shown: Shape? = nil, _ path: String
    ) throws -> (attributes: ConvolutionAttributes, geometry: ConvolutionGeometry) {
        guard input[2] % groups == 0, filters % groups == 0 else {
            throw ModelError.groups(layer: path, groups: groups, inputChannels: input[2], outputChannels: filters)
        }
        let around = circularBorder(input)
        let attributes = ConvolutionAttributes(
            stride: stride.extents, padding: around == nil ? border(input) : [0, 0, 0, 0],
            dilation: dilation.extents, groups: groups)
        let shape: Shape = [filters, kernel.height, kernel.width, input[2] / groups]
        try builder.requireSize(shape, path)
        let image: Shape = around.map { [$0[0] + input[0] + $0[1], $0[2] + input[1] + $0[3], input[2]] } ?? input
        try builder.requireSize(image, path)
        let geometry = attributes.geometry(input: image.batched(1), filters: shape)
        guard geometry.outputHeight > 0, geometry.outputWidth > 0 else {
            let window = shown?.rank == 2 ? "\(kernel.width)" : "\(kernel.height)×\(kernel.width)"
            throw ModelError.doesNotFit(layer: path, input: shown ?? input, window: window)
        }
        try builder.requireSize([geometry.outputHeight, geometry.outputWidth, filters], path)
        return (attributes, geometry)
    }

    /// The pixels that an output depends on; on a torus any may be among them.
    func window(on input: Shape) -> ReceptiveWindow {
        guard circularBorder(input) == nil else { return .everything }
        let border = border(input)
        return .window(kernel: kernel, dilation: dilation, stride: stride, top: border[0], left: border[2])
    }

    /// - Parameters:
    ///   - input: [H, W, C].
    ///   - shown: the input's shape for errors, where it is another.
    ///   - layout: of the filters in exchanged files.
    func make(
        _ builder: inout GraphBuilder, input: Shape, shown: Shape? = nil, layout: ExchangeLayout = .filters,
        _ path: String
    ) throws -> Made {
        let table = try connectionTable(inputChannels: input[2], path)
        var (attributes, geometry) = try geometry(builder, input: input, shown: shown, path)
        let weights = try parameters(&builder, geometry, table, layout, path)
        attributes.algorithm = builder.algorithm(for: geometry)
        let layer = Convolution2D(
            weight: weights.weight, bias: weights.bias, attributes: attributes, connections: table, flips: flip,
            circularPadding: circularBorder(input))
        return (
            layer, geometry, [geometry.outputHeight, geometry.outputWidth, filters],
            geometry.outputHeight * geometry.outputWidth * weights.weight.shape.count
        )
    }

    private func connectionTable(inputChannels: Int, _ path: String) throws -> ConnectionTable? {
        guard let connections else { return nil }
        if let filter = connections.firstIndex(where: { $0.contains { $0 >= inputChannels } }) {
            throw ModelError.refused(
                layer: path,
                because: "filter \(filter) is connected to channel \(connections[filter].max() ?? 0), but its input "
                    + "has \(inputChannels) channels, counted from 0; correct `connections`")
        }
        return ConnectionTable(inputs: connections, inputChannels: inputChannels)
    }

    /// The weights, drawn by what each filter reads.
    private func parameters(
        _ builder: inout GraphBuilder, _ geometry: ConvolutionGeometry, _ table: ConnectionTable?,
        _ layout: ExchangeLayout, _ path: String
    ) throws -> (weight: Parameter, bias: Parameter?) {
        guard let table else {
            let shape: Shape = [filters, kernel.height, kernel.width, geometry.groupInputChannels]
            return try builder.weightAndBias(path, shape, initializer, bias: bias, layout: layout)
        }
        let taps = kernel.height * kernel.width
        var readers = Array(repeating: 0, count: table.inputChannels)
        for input in table.inputs.joined() { readers[input] += 1 }
        let fans = table.inputs.flatMap { list in
            list.map { Initializer.Fans(fanIn: list.count * taps, fanOut: readers[$0] * taps) }
        }
        let biasFans = table.inputs.map { Initializer.Fans(fanIn: $0.count * taps, fanOut: 1) }
        return try builder.weightAndBias(
            path, [table.pairCount, kernel.height, kernel.width], initializer, bias: bias, outputs: filters,
            fans: (fans, biasFans))
    }
}

extension LayerSpecification {
    package static func convolution(_ convolution: Convolution) -> LayerSpecification { .init(convolution) }
}
