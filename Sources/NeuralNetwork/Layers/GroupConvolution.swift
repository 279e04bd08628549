import Autograd
import ConfigurationReading
import TensorCore

/// Convolution over the symmetries of the grid of pixels: an image [N, H, W, C], or a value over the group
/// [N, H′, W′, |G|, C], → [N, H″, W″, |G|, O]. Cohen and Welling, "Group equivariant convolutional networks", 2016.
///
/// An image that is turned or mirrored gives the same numbers, turned or mirrored, and along the group in another
/// order. Weights are [O, C, k, k] in files where the layer reads an image, and [O, |G| · C, k, k] with channel
/// g · C + c otherwise; the elements are numbered as ``SymmetryGroup`` says.
struct GroupConvolution: UnaryLayer {
    let group: SymmetryGroup
    /// Over how many elements of the group the input lies: one of an image.
    let inputElements: Int
    /// What computes it for the filters in all their positions; its weights are the filters in one.
    var convolution: Convolution2D

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let filters = groupFilters(x.parameter(convolution.weight), group, inputElements: inputElements)
        let bias = convolution.bias.map { repeated(x.parameter($0), times: group.order) }
        return overImages(x, group) { convolution.convolved($0, filters, bias: bias) }
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard let inner = convolution.fused(with: next) as? Convolution2D else { return nil }
        var copy = self
        copy.convolution = inner
        return copy
    }

    static let entry = LayerEntry(
        "groupConv",
        "Convolution over a group of symmetries, whose output turns with its input; its values have the shape "
            + "[height, width, elements, channels]. `batchNorm`, activations, `dropout`, `residual`, `maxPool` and "
            + "`averagePool` keep the symmetry of such values, and `groupPool` ends it."
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let group: SymmetryGroup
        let filters: Int
        /// Of both sides.
        let kernel: Int
        let stride: Int
        let padding: Padding
        let bias: Bool
        let initializer: LayerInitializer?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (input, elements) = try builder.symmetricImage(inputs, path)
            if let elements, elements != group {
                throw ModelError.refused(
                    layer: path,
                    because: "its input lies over the \(elements.order) elements of \(elements), and it is to go over "
                        + "\(group); give all of them one group")
            }
            let whole = Convolution(
                filters: group.order * filters, kernel: Size(kernel), stride: Size(stride), padding: padding)
            var (attributes, geometry) = try whole.geometry(builder, input: input, path)
            try builder.requireSymmetry(
                of: input, kernel: Size(kernel), stride: Size(stride), padding: attributes.padding, path)
            attributes.algorithm = builder.algorithm(for: geometry)
            let taps = kernel * kernel
            let fans = Initializer.Fans(fanIn: taps * input[2], fanOut: taps * whole.filters)
            let own = try builder.weightAndBias(
                path, [filters, kernel, kernel, input[2]], initializer, bias: bias,
                fans: ([fans], [Initializer.Fans(fanIn: fans.fanIn, fanOut: 1)]), layout: .filters)
            let layer = GroupConvolution(
                group: group, inputElements: elements?.order ?? 1,
                convolution: Convolution2D(weight: own.weight, bias: own.bias, attributes: attributes))
            return builder.add(
                layer, "groupConv", inputs, [geometry.outputHeight, geometry.outputWidth, group.order, filters], path,
                multiplyAdds: geometry.multiplyAdds, window: whole.window(on: input))
        }
    }
}

extension GroupConvolution.Kind {
    init(from reader: ConfigurationReader) {
        group = reader.required(
            "group", .choice(of: SymmetryGroup.self),
            "`p4`, the four turns by multiples of 90°; `p4m`, these and their mirror images.")
        filters = reader.required(
            "filters", .integer(in: 1...), "Number of output channels, each for every element of the group.")
        kernel = reader.required("kernel", .integer(in: 1...), "Height and width of the filters.")
        stride = reader.value("stride", .integer(in: 1...), default: 1, "Distance between neighbouring windows.")
        padding = reader.value("padding", .padding, default: 0, "Width of the border around the image.")
        bias = reader.value("bias", .flag, default: true, "Whether a bias is added; not needed before batchNorm.")
        initializer = reader.optional("initializer", .section(), "How the initial filters are drawn.")
    }
}

/// What a layer for images makes of a value over a group: the elements are channels beside the others.
func overImages(_ x: Variable, _ group: SymmetryGroup?, _ body: (Variable) -> Variable) -> Variable {
    let s = x.shape
    let y = body(s.rank == 5 ? reshape(x, [s[0], s[1], s[2], s[3] * s[4]]) : x)
    guard let group else { return y }
    return reshape(y, [y.shape[0], y.shape[1], y.shape[2], group.order, y.shape[3] / group.order])
}

extension GraphBuilder {
    /// The shape of the image that a layer reads; of a value over a group [H, W, |G|, C] that of the image
    /// [H, W, |G| · C], and the group. Throws `ModelError`.
    func symmetricImage(_ inputs: [Node], _ path: String) throws -> (image: Shape, group: SymmetryGroup?) {
        let input = try single(inputs, path)
        if input.rank == 3 { return (input, nil) }
        guard input.rank == 4, let group = SymmetryGroup(order: input[2]) else {
            throw ModelError.wrongRank(
                layer: path, input: input,
                expected: "an image [H, W, C], or a value of `groupConv` [H, W, elements, C]")
        }
        return ([input[0], input[1], input[2] * input[3]], group)
    }

    /// Refuses windows that lie otherwise on the image when it is turned or mirrored.
    ///
    /// - Parameter padding: [top, bottom, left, right].
    /// - Throws: `ModelError.refused`.
    func requireSymmetry(of image: Shape, kernel: Size, stride: Size, padding: [Int], _ path: String) throws {
        guard kernel.height == kernel.width, stride.height == stride.width else {
            throw ModelError.refused(
                layer: path,
                because: "windows that are not square would break the symmetry of its input; give height and width "
                    + "the same kernel and stride")
        }
        guard padding.allSatisfy({ $0 == padding[0] }) else {
            throw ModelError.refused(
                layer: path,
                because: "a border of \(padding[0]), \(padding[1]), \(padding[2]) and \(padding[3]) at the top, the "
                    + "bottom, the left and the right would break the symmetry; give all sides the same padding")
        }
        for axis in 0..<2 {
            let left = (image[axis] + 2 * padding[0] - kernel.height) % stride.height
            if left != 0 {
                throw ModelError.refused(
                    layer: path,
                    because: "\(left) of \(image[axis]) positions are left over behind the last window, which would "
                        + "break the symmetry; change kernel, stride or padding so that the windows end at the border")
            }
        }
    }
}

extension LayerSpecification {
    package static func groupConv(
        _ group: SymmetryGroup, filters: Int, kernel: Int, stride: Int = 1, padding: Padding = .explicit(Size(0)),
        bias: Bool = true, initializer: LayerInitializer? = nil
    ) -> LayerSpecification {
        .init(
            GroupConvolution.Kind(
                group: group, filters: filters, kernel: kernel, stride: stride, padding: padding, bias: bias,
                initializer: initializer))
    }
}
