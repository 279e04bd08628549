import Autograd
import ConfigurationReading
import Glibc
import Kernels
import TensorCore

/// A layer of S-cells, which look for features: [N, H, W, C] → [N, H′, W′, planes].
///
/// Fukushima, "Neocognitron", 1980, equations (1) to (3): y = r · max(0, (1 + Σ a u) / (1 + 2 r / (1 + r) · b v) − 1)
/// with v = √(Σ c u²), c falling from the middle of the window, with a sum of 1 over window and channels. Where a and b
/// have learned from one pattern, a cell responds to what has a cosine above r / (1 + r) with it. The objective
/// `competitive` teaches them; gradients pass as through other layers.
struct SimpleCells: UnaryLayer {
    /// a, [planes, kh, kw, C].
    let weight: Parameter
    /// b, [planes].
    let inhibition: Parameter
    let selectivity: Float
    /// c, [kh, kw].
    let taps: [Float]
    let attributes: ConvolutionAttributes

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let channels = x.shape[3]
        let filter = x.makeTensor([1, weight.shape[1], weight.shape[2], channels])
        for (tap, value) in taps.enumerated() {
            (filter.pointer + tap * channels).update(repeating: value, count: channels)
        }
        return simpleCells(
            convolution2D(x, x.parameter(weight), attributes),
            energy: convolution2D(multiply(x, x), x.tape.constant(filter), attributes),
            inhibition: x.parameter(inhibition), selectivity: selectivity)
    }

    static let entry = LayerEntry(
        "simpleCells",
        "The Neocognitron's cells that look for features (Fukushima 1980): a convolution that the energy of what it "
            + "sees inhibits. The objective `competitive` teaches them without a teacher."
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        /// Planes, window and border.
        let shape: Convolution
        let selectivity: Double
        let decay: Double

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.image(inputs, path)
            let (attributes, geometry) = try shape.geometry(builder, input: input, path)
            let weights: Shape = [shape.filters, shape.kernel.height, shape.kernel.width, input[2]]
            // So small that a cell which has learned once is always the stronger one.
            let weight = try builder.parameter(
                path + ".weight", weights, .uniform(below: 1e-2 / Float(geometry.patchCount)), layout: .filters)
            let inhibition = try builder.parameter(path + ".inhibition", [shape.filters], .zeros)
            let layer = SimpleCells(
                weight: weight, inhibition: inhibition, selectivity: Float(selectivity),
                taps: fallingTaps(shape.kernel, decay: decay, sum: 1 / Double(input[2])), attributes: attributes)
            return builder.add(
                layer, "simpleCells", inputs, [geometry.outputHeight, geometry.outputWidth, shape.filters], path,
                multiplyAdds: geometry.multiplyAdds + geometry.multiplyAdds / shape.filters,
                window: shape.window(on: input))
        }
    }
}

extension SimpleCells.Kind {
    init(from reader: ConfigurationReader) {
        shape = Convolution(
            filters: reader.required("planes", .integer(in: 1...), "Planes of cells, each looking for its feature."),
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of what a cell sees."),
            padding: reader.value("padding", .padding, default: 0, "Zeros around the image."))
        selectivity = reader.value(
            "selectivity", .number(above: 0), default: 4,
            "r: a cell responds to what has a cosine above r/(1 + r) with what it has learned.")
        decay = reader.value(
            "decay", .number(in: 0.01...1), default: 0.9,
            "Factor by which a pixel counts less for each pixel that it is away from the middle.")
    }
}

/// A layer of C-cells, which blur where a feature was: [N, H, W, K] → [N, H′, W′, K].
///
/// Fukushima 1980, equations (6) and (7): x = Σ d u over the window of each plane, d falling from 1 in its middle; then
/// planes inhibit each other.
struct ComplexCells: UnaryLayer {
    /// d for each plane, [K, kh, kw, 1].
    let filters: [Float]
    let shape: Shape
    let saturation: Float
    let attributes: ConvolutionAttributes

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let tensor = x.makeTensor(shape)
        for (index, value) in filters.enumerated() { tensor.pointer[index] = value }
        return lateralInhibition(convolution2D(x, x.tape.constant(tensor), attributes), saturation: saturation)
    }

    static let entry = LayerEntry(
        "complexCells",
        "The Neocognitron's cells that blur where a feature was (Fukushima 1980): a sum over a window of each plane, "
            + "in which planes inhibit each other; nothing to learn."
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let kernel: Size
        let stride: Size
        let padding: Padding
        let saturation: Double
        let decay: Double

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.image(inputs, path)
            let window = Convolution(
                filters: input[2], kernel: kernel, stride: stride, padding: padding, groups: input[2])
            var (attributes, geometry) = try window.geometry(builder, input: input, path)
            attributes.algorithm = builder.algorithm(for: geometry)
            let plane = fallingTaps(kernel, decay: decay, sum: nil)
            let layer = ComplexCells(
                filters: Array(repeatElement(plane, count: input[2]).joined()),
                shape: [input[2], kernel.height, kernel.width, 1], saturation: Float(saturation),
                attributes: attributes)
            return builder.add(
                layer, "complexCells", inputs, [geometry.outputHeight, geometry.outputWidth, input[2]], path,
                multiplyAdds: geometry.multiplyAdds, window: window.window(on: input))
        }
    }
}

extension ComplexCells.Kind {
    init(from reader: ConfigurationReader) {
        kernel = reader.required("kernel", .size(in: 1...), "Height and width of the window.")
        stride = reader.value("stride", .size(in: 1...), default: 1, "Distance between neighbouring windows.")
        padding = reader.value("padding", .padding, default: 0, "Zeros around the image.")
        saturation = reader.value(
            "saturation", .number(above: 0), default: 0.5, "α: a sum of α beyond the others' mean gives 1/2.")
        decay = reader.value(
            "decay", .number(in: 0.01...1), default: 0.8,
            "Factor by which a cell counts less for each place that it is away from the middle.")
    }
}

/// decayᵈ at distance d from the middle of a window; scaled to a sum where one is given.
private func fallingTaps(_ kernel: Size, decay: Double, sum: Double?) -> [Float] {
    let taps = (0..<kernel.height * kernel.width).map { tap -> Double in
        let y = Double(tap / kernel.width) - Double(kernel.height - 1) / 2
        let x = Double(tap % kernel.width) - Double(kernel.width - 1) / 2
        return pow(decay, (y * y + x * x).squareRoot())
    }
    let factor = sum.map { $0 / taps.reduce(0, +) } ?? 1
    return taps.map { Float($0 * factor) }
}

extension LayerSpecification {
    package static func simpleCells(
        planes: Int, kernel: Size, padding: Padding = .explicit(Size(0)), selectivity: Double = 4, decay: Double = 0.9
    ) -> LayerSpecification {
        .init(
            SimpleCells.Kind(
                shape: Convolution(filters: planes, kernel: kernel, padding: padding), selectivity: selectivity,
                decay: decay))
    }

    package static func complexCells(
        kernel: Size, stride: Size = Size(1), padding: Padding = .explicit(Size(0)), saturation: Double = 0.5,
        decay: Double = 0.8
    ) -> LayerSpecification {
        .init(
            ComplexCells.Kind(
                kernel: kernel, stride: stride, padding: padding, saturation: saturation, decay: decay))
    }
}
