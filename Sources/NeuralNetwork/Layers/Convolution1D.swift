import Autograd
import ConfigurationReading
import TensorCore

/// Cross-correlation over the steps of a sequence: [N, T, C] → [N, T′, O]. Waibel et al. 1989.
///
/// It is a convolution of images of height 1, whose kernels compute it. Parameters have PyTorch's names and shapes in
/// files: [O, C / groups, k].
struct Convolution1D: UnaryLayer {
    /// Over an image of height 1.
    var convolution: Convolution2D

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        convolution1D(
            x, convolution.filters(x), bias: convolution.bias.map(x.parameter), convolution.attributes,
            rectify: convolution.rectifies)
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard !convolution.rectifies, next is Rectifier else { return nil }
        var copy = self
        copy.convolution.rectifies = true
        return copy
    }

    static let entry = LayerEntry(
        "conv1d", "1-D convolution (cross-correlation) over the steps of a sequence.", otherNames: ["Conv1D", "Conv1d"]
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        /// With kernels of height 1.
        let convolution: Convolution

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard input.rank == 2 else {
                throw ModelError.wrongRank(layer: path, input: input, expected: "a sequence [steps, channels]")
            }
            let made = try convolution.make(
                &builder, input: [1, input[0], input[1]], shown: input, layout: .sequenceFilters, path)
            let taps = ReceptiveWindow.Taps(
                convolution.kernel.width, dilation: convolution.dilation.width, stride: convolution.stride.width,
                padding: made.geometry.paddingLeft)
            return builder.add(
                Convolution1D(convolution: made.layer), "conv1d", inputs, made.output.sample, path,
                multiplyAdds: made.multiplyAdds, window: .taps([taps]))
        }
    }
}

extension Convolution1D.Kind {
    init(from reader: ConfigurationReader) {
        let filters = reader.required("filters", .integer(in: 1...), "Number of output channels.")
        let kernel = reader.required("kernel", .integer(in: 1...), "Steps that a filter covers.")
        let stride = reader.value("stride", .integer(in: 1...), default: 1, "Distance between neighbouring windows.")
        let padding = reader.value(
            "padding", .sequencePadding, default: 0,
            "Zeros before and behind the sequence; with `causal` just so many before it that no step depends on a "
                + "later one.")
        let dilation = reader.value(
            "dilation", .integer(in: 1...), default: 1, "Distance between the taps of a filter.")
        let groups = reader.value("groups", .integer(in: 1...), default: 1, "Number of separate groups of channels.")
        let bias = reader.value(
            "bias", .flag, default: true, "Whether a bias is added; not needed before batchNorm.")
        let initializer: LayerInitializer? = reader.optional(
            "initializer", .section(), "How the initial filters are drawn.")
        requireWholeGroups(reader, filters: filters, groups: groups)
        self.init(
            filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
            bias: bias, initializer: initializer)
    }

    fileprivate init(
        filters: Int, kernel: Int, stride: Int, padding: Padding, dilation: Int, groups: Int, bias: Bool,
        initializer: LayerInitializer?
    ) {
        var padding = padding
        if case .explicit(let size) = padding { padding = .explicit(Size(height: 0, width: size.width)) }
        convolution = Convolution(
            filters: filters, kernel: Size(height: 1, width: kernel), stride: Size(height: 1, width: stride),
            padding: padding, dilation: Size(height: 1, width: dilation), groups: groups, bias: bias,
            initializer: initializer)
    }
}

extension LayerSpecification {
    /// - Parameter padding: steps before and behind the sequence as the width of an explicit size, `same` or `causal`.
    package static func conv1d(
        filters: Int, kernel: Int, stride: Int = 1, padding: Padding = .explicit(Size(0)), dilation: Int = 1,
        groups: Int = 1, bias: Bool = true, initializer: LayerInitializer? = nil
    ) -> LayerSpecification {
        .init(
            Convolution1D.Kind(
                filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
                bias: bias, initializer: initializer))
    }
}
