import Autograd
import ConfigurationReading
import TensorCore

/// A given kernel over every channel by itself, which is not learned: [N, H, W, C] → [N, H′, W′, C]. Cross-correlation.
struct ImageKernel: UnaryLayer {
    /// A copy of the kernel for each channel, [C, kh, kw, 1].
    let filters: [Float]
    let shape: Shape
    let attributes: ConvolutionAttributes
    /// How far the image goes on behind its opposite border; nil where zeros are around it.
    let circularPadding: [Int]?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let tensor = x.makeTensor(shape)
        filters.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { tensor.pointer.update(from: base, count: buffer.count) }
        }
        return convolution2D(
            circularPadding.map { padCircular2D(x, $0) } ?? x, x.tape.constant(tensor), attributes)
    }

    static let entry = LayerEntry(
        "imageKernel", "A given kernel over each channel, which is not learned.", shorthand: "kernel"
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let values: [[Double]]
        let padding: Padding
        let paddingMode: PaddingMode

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.image(inputs, path)
            let kernel = Size(height: values.count, width: values[0].count)
            let convolution = Convolution(
                filters: input[2], kernel: kernel, padding: padding, paddingMode: paddingMode, groups: input[2])
            var (attributes, geometry) = try convolution.geometry(builder, input: input, path)
            attributes.algorithm = builder.algorithm(for: geometry)
            let kernels = Array(repeating: values.joined().map { Float($0) }, count: input[2])
            let layer = ImageKernel(
                filters: Array(kernels.joined()), shape: [input[2], kernel.height, kernel.width, 1],
                attributes: attributes, circularPadding: convolution.circularBorder(input))
            return builder.add(
                layer, "imageKernel", inputs, [geometry.outputHeight, geometry.outputWidth, input[2]], path,
                multiplyAdds: geometry.multiplyAdds, window: convolution.window(on: input))
        }
    }
}

/// The kernels that have a name, all 3×3.
package enum KernelName: String, CaseIterable {
    /// The image itself.
    case identity
    /// A blur: the binomial coefficients 1 2 1 in both directions.
    case gaussian
    /// Eight times the pixel less its neighbours.
    case edge
    /// Five times the pixel less its four nearest neighbours.
    case sharpen

    /// Row by row.
    package var values: [[Double]] {
        switch self {
        case .identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
        case .gaussian: [[1, 2, 1], [2, 4, 2], [1, 2, 1]].map { $0.map { $0 / 16 } }
        case .edge: [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
        case .sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
        }
    }
}

extension ImageKernel.Kind {
    init(from reader: ConfigurationReader) {
        let named = reader.optional(
            "kernel", .choice(of: KernelName.self),
            "`identity`; `gaussian`, 1/16 · [1 2 1; 2 4 2; 1 2 1]; `edge`, 8 in the middle of −1; `sharpen`, "
                + "[0 −1 0; −1 5 −1; 0 −1 0].")
        let given = reader.optional(
            "values", .list(of: .list(of: .number, atLeast: 1), atLeast: 1), "Any other kernel, row by row.")
        reader.excludeEachOther("kernel", "values")
        if named == nil && given == nil { reader.require("kernel", .choice(of: KernelName.self)) }
        if let given, Set(given.map(\.count)).count > 1 {
            reader.refuse("values", because: "its rows are of different lengths; give each as many numbers.")
        }
        values = named?.values ?? given ?? KernelName.identity.values
        padding = reader.value("padding", .padding, default: 0, "Width of the border around the image.")
        paddingMode = reader.value(
            "paddingMode", .choice(of: PaddingMode.self), default: "zeros",
            "What the border holds: `zeros`; with `circular` what lies at the opposite side of the image.")
    }
}

extension LayerSpecification {
    /// - Parameter values: row by row, of equal lengths.
    package static func imageKernel(
        _ values: [[Double]], padding: Padding = .explicit(Size(0)), paddingMode: PaddingMode = .zeros
    ) -> LayerSpecification {
        .init(ImageKernel.Kind(values: values, padding: padding, paddingMode: paddingMode))
    }
}
