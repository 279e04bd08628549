import Autograd
import ConfigurationReading
import TensorCore

/// Cross-correlation over the steps of a sequence: [N, T, C] → [N, T′, O]. Waibel et al. 1989.
///
/// It is a convolution of images of height 1, whose kernels compute it. Parameters have PyTorch's names and shapes in
/// files: [O, C / groups, k].
struct Convolution1D: Layer {
    /// Over an image of height 1. Where it rectifies, that comes after the sum.
    var convolution: Convolution2D
    let reach: Reach
    /// What is added to the result, as the second input.
    var addend = Addend.none
    /// Whether the result, after the sum, goes through gates.
    var isGated = false

    enum Addend {
        case none, value
        /// The same at every step.
        case vector
    }

    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable {
        if let memory = inputs[0].tape.stepMemory { return step(inputs, memory) }
        var result = whole([readable(inputs[0])] + inputs.dropFirst())
        result.lengths = inputs[0].lengths.map { SequenceLengths($0.counts.map { max(reach.outputs(of: $0), 0) }) }
        return result
    }

    /// What it computes of all steps at once.
    private func whole(_ inputs: [Variable]) -> Variable {
        let x = inputs[0]
        let (filters, bias) = (convolution.filters(x), convolution.bias.map(x.parameter))
        if isGated {
            return gatedConvolution1D(
                x, filters, bias: bias, vector: addend == .vector ? inputs[1] : nil, convolution.attributes)
        }
        let y = convolution1D(
            x, filters, bias: bias, plus: addend == .value ? inputs[1] : nil, convolution.attributes,
            rectify: convolution.rectifies && addend != .vector)
        return addend == .vector ? addAtPositions(y, inputs[1], rectify: convolution.rectifies) : y
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard !convolution.rectifies, !isGated else { return nil }
        var copy = self
        if next is Rectifier {
            copy.convolution.rectifies = true
        } else if next is Gate, addend != .value {
            copy.isGated = true
        } else {
            return nil
        }
        return copy
    }

    var fusedWithSum: (any Layer)? { adding(.value) }
    var fusedWithVector: (any Layer)? { adding(.vector) }

    private func adding(_ addend: Addend) -> (any Layer)? {
        guard self.addend == .none, !convolution.rectifies, !isGated else { return nil }
        var copy = self
        copy.addend = addend
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
            let g = made.geometry
            let taps = ReceptiveWindow.Taps(
                convolution.kernel.width, dilation: convolution.dilation.width, stride: convolution.stride.width,
                padding: g.paddingLeft)
            let reach = Convolution1D.Reach(taps: taps, behind: g.paddingRight)
            return builder.add(
                Convolution1D(convolution: made.layer, reach: reach), "conv1d", inputs, made.output.sample, path,
                multiplyAdds: made.multiplyAdds, window: .taps([taps]), lengths: reach.keepsSteps ? .kept : .changed)
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
