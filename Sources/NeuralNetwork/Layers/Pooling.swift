import Autograd
import ConfigurationReading
import TensorCore

/// The largest value of each window.
struct MaxPooling: UnaryLayer {
    let attributes: PoolingAttributes
    /// The group over which the input lies, where it is no image.
    var group: SymmetryGroup?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        overImages(x, group) { maxPool2D($0, attributes) }
    }

    static let entry = LayerEntry("maxPool", "Largest value of each window.", shorthand: "kernel") {
        Kind(window: Pooling(from: $0))
    }

    struct Kind: LayerKind {
        let window: Pooling

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (attributes, output, group) = try window.fittedOverGroup(builder, inputs, path)
            return builder.add(
                MaxPooling(attributes: attributes, group: group), "maxPool", inputs, output, path,
                window: window.taps(attributes))
        }
    }
}

/// The mean of each window.
struct AveragePooling: UnaryLayer {
    let attributes: PoolingAttributes
    let countPadding: Bool
    /// As in ``MaxPooling``.
    var group: SymmetryGroup?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        overImages(x, group) { averagePool2D($0, attributes, countPadding: countPadding) }
    }

    static let entry = LayerEntry("averagePool", "Mean of each window.", shorthand: "kernel") { reader in
        Kind(
            window: Pooling(from: reader),
            countsPadding: reader.value(
                "countIncludePad", .flag, default: true, "Whether padding counts as zeros."))
    }

    struct Kind: LayerKind {
        let window: Pooling
        let countsPadding: Bool

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (attributes, output, group) = try window.fittedOverGroup(builder, inputs, path)
            return builder.add(
                AveragePooling(attributes: attributes, countPadding: countsPadding, group: group), "averagePool",
                inputs, output, path, multiplications: output.count,
                additions: (window.kernel.height * window.kernel.width - 1) * output.count,
                window: window.taps(attributes))
        }
    }
}

/// The mean over all positions: [N, H, W, C] or [N, T, C] → [N, C].
struct GlobalAveragePooling: UnaryLayer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        x.lengths == nil ? globalAveragePool2D(x) : averageOverSteps(x)
    }

    static let entry = LayerEntry(
        "globalAveragePool", "Mean over all positions of an image, or all steps of a sequence, of each channel."
    ) { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (input, channels) = try builder.positions(inputs, path)
            return builder.add(
                GlobalAveragePooling(), "globalAveragePool", inputs, [channels], path, multiplications: channels,
                additions: input.count - channels, window: .everything, lengths: .consumed)
        }
    }
}

/// The largest value over all positions: [N, H, W, C] or [N, T, C] → [N, C].
struct GlobalMaxPooling: UnaryLayer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        if x.lengths != nil { return largestOverSteps(x) }
        let image = x.shape.rank == 3 ? reshape(x, [x.shape[0], 1, x.shape[1], x.shape[2]]) : x
        let whole = PoolingAttributes(kernel: [image.shape[1], image.shape[2]])
        return reshape(maxPool2D(image, whole), [image.shape[0], image.shape[3]])
    }

    static let entry = LayerEntry(
        "globalMaxPool", "Largest value over all positions of an image, or all steps of a sequence, of each channel."
    ) { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (_, channels) = try builder.positions(inputs, path)
            return builder.add(
                GlobalMaxPooling(), "globalMaxPool", inputs, [channels], path, window: .everything, lengths: .consumed)
        }
    }
}

extension GraphBuilder {
    /// The shape of the image or the sequence that a layer reads, and its channels. Throws `ModelError`.
    fileprivate func positions(_ inputs: [Node], _ path: String) throws -> (input: Shape, channels: Int) {
        let input = try single(inputs, path)
        guard input.rank == 2 || input.rank == 3 else {
            throw ModelError.wrongRank(
                layer: path, input: input, expected: "an image [H, W, C] or a sequence [steps, channels]")
        }
        return (input, input[input.rank - 1])
    }
}

/// The window of a pooling layer.
package struct Pooling: Equatable, Sendable {
    package var kernel: Size
    package var stride: Size
    package var padding: Padding
    /// Whether a window that does not fit entirely counts (GoogLeNet), instead of being dropped.
    package var ceil: Bool

    /// - Parameter stride: nil for windows that do not overlap.
    package init(kernel: Size, stride: Size? = nil, padding: Padding = .explicit(Size(0)), ceil: Bool = false) {
        self.kernel = kernel
        self.stride = stride ?? kernel
        self.padding = padding
        self.ceil = ceil
    }

    init(from reader: ConfigurationReader) {
        self.init(
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of the window."),
            stride: reader.optional(
                "stride", .size(in: 1...), "Distance between neighbouring windows; the kernel if absent."),
            padding: reader.value("padding", .padding, default: 0, "Border around the image; at most half the kernel."),
            ceil: reader.value("ceil", .flag, default: false, "Whether a window that does not fit entirely counts."))
        if case .explicit(let size) = padding, 2 * size.height > kernel.height || 2 * size.width > kernel.width {
            reader.refuse(
                "padding",
                because: "more than half the kernel, so that a window could lie in the padding alone; make it smaller.")
        }
    }

    /// The windows on an image, and the shape of the result. Throws ``ModelError``.
    func fitted(
        _ builder: GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> (PoolingAttributes, Shape) {
        try fitted(builder, image: builder.image(inputs, path), path)
    }

    /// The same for a layer that takes values over a group too, and the group: then elements are channels beside the
    /// others, and the windows must keep the symmetry.
    func fittedOverGroup(
        _ builder: GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> (PoolingAttributes, Shape, SymmetryGroup?) {
        guard try builder.single(inputs, path).rank == 4 else {
            let (attributes, output) = try fitted(builder, inputs, path)
            return (attributes, output, nil)
        }
        let (image, group) = try builder.symmetricImage(inputs, path)
        let (attributes, output) = try fitted(builder, image: image, path)
        guard let group else { return (attributes, output, nil) }
        let (padding, extra) = (attributes.padding, attributes.extraPadding)
        try builder.requireSymmetry(
            of: image, kernel: kernel, stride: stride,
            padding: [padding[0], padding[0] + extra[0], padding[1], padding[1] + extra[1]], path)
        return (attributes, [output[0], output[1], group.order, output[2] / group.order], group)
    }

    private func fitted(
        _ builder: GraphBuilder, image input: Shape, _ path: String
    ) throws -> (PoolingAttributes, Shape) {
        let padding = padding.extents(input: input, kernel: kernel, stride: stride, dilation: Size(1))
        let attributes = PoolingAttributes(
            kernel: kernel.extents, stride: stride.extents, padding: [padding[0], padding[2]],
            extraPadding: [padding[1] - padding[0], padding[3] - padding[2]], ceilMode: ceil)
        let geometry = attributes.geometry(input: input.batched(1))
        guard geometry.outputHeight > 0, geometry.outputWidth > 0 else {
            throw ModelError.doesNotFit(layer: path, input: input, window: "\(kernel.height)×\(kernel.width)")
        }
        let output: Shape = [geometry.outputHeight, geometry.outputWidth, input[2]]
        try builder.requireSize(output, path)
        return (attributes, output)
    }
}

extension Pooling {
    /// The windows as they lie on the image.
    func taps(_ attributes: PoolingAttributes) -> ReceptiveWindow {
        .window(kernel: kernel, stride: stride, top: attributes.padding[0], left: attributes.padding[1])
    }
}

extension LayerSpecification {
    package static func maxPool(_ window: Pooling) -> LayerSpecification { .init(MaxPooling.Kind(window: window)) }

    package static func averagePool(_ window: Pooling, countIncludePad: Bool = true) -> LayerSpecification {
        .init(AveragePooling.Kind(window: window, countsPadding: countIncludePad))
    }

    package static var globalAveragePool: LayerSpecification { .init(GlobalAveragePooling.Kind()) }

    package static var globalMaxPool: LayerSpecification { .init(GlobalMaxPooling.Kind()) }
}
