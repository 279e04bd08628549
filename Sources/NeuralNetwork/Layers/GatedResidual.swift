import ConfigurationReading
import TensorCore

/// One block of WaveNet over the steps of a sequence [T, R], with an optional condition h (van den Oord et al. 2016,
/// figure 4):
///
///     z = tanh(Wf ∗ x + Vf h) · sigmoid(Wg ∗ x + Vg h)      skip = Ws z      result = x + Wr z
///
/// `conv` has the filters Wf and then Wg, `condition` likewise Vf and Vg, `residual` Wr, and `skip` Ws; the names are
/// those of the nodes and, after the block's, of their parameters. Other layers read the skip as `NAME.skip`.
struct GatedResidual: LayerKind {
    /// Channels of z; nil for as many as the input has.
    let channels: Int?
    /// Channels of the skip; nil for none.
    let skip: Int?
    let kernel: Int
    let dilation: Int
    let padding: Padding
    let bias: Bool
    let residual: Bool

    static let entry = LayerEntry(
        "gatedResidual",
        "A block of WaveNet: a gated convolution over steps, a sum with what it read, and a skip that other layers "
            + "read as `NAME.skip`. `from` may name a second value, a condition: a vector, or a sequence as long."
    ) { reader in
        let kind = GatedResidual(
            channels: reader.optional(
                "channels", .integer(in: 1...), "Channels behind the gates; those of the input if absent."),
            skip: reader.optional("skip", .integer(in: 1...), "Channels of the skip; no skip if absent."),
            kernel: reader.value("kernel", .integer(in: 1...), default: 2, "Steps that a filter covers."),
            dilation: reader.value(
                "dilation", .integer(in: 1...), default: 1, "Distance between the taps of a filter."),
            padding: reader.value(
                "padding", .sequencePadding, default: "causal",
                "As of conv1d; the sequence must stay as long as it is."),
            bias: reader.value("bias", .flag, default: true, "Whether its convolutions have biases."),
            residual: reader.value(
                "residual", .flag, default: true,
                "Whether the result is the sum; else it is the skip, as of the last block of a stack."))
        if !kind.residual, kind.skip == nil {
            reader.refuse("residual", because: "without `skip` nothing is left of the block; give one of them.")
        }
        return kind
    }

    func build(
        _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> GraphBuilder.Node {
        guard inputs.count == 1 || inputs.count == 2 else {
            throw ModelError.inputCount(layer: path, count: inputs.count, expected: "a sequence, and a condition")
        }
        let input = builder.shape(of: inputs[0])
        guard input.rank == 2 else {
            throw ModelError.wrongRank(layer: path, input: input, expected: "a sequence [steps, channels]")
        }
        let width = 2 * (channels ?? input[1])
        let convolution = try builder.sequence(
            [
                .named(
                    "conv",
                    .conv1d(filters: width, kernel: kernel, padding: padding, dilation: dilation, bias: bias))
            ], input: inputs[0], prefix: path)
        guard builder.shape(of: convolution)[0] == input[0] else {
            throw ModelError.refused(
                layer: path,
                because: "its padding makes \(builder.shape(of: convolution)[0]) steps of \(input[0]); use causal or "
                    + "same")
        }
        if inputs.count == 2 {
            _ = try builder.sequence(
                [.named("condition", .linear(units: width, bias: false))], input: inputs[1], prefix: path)
        }
        let last = try builder.sequence(
            afterConvolution(hasCondition: inputs.count == 2, inputChannels: input[1]), input: convolution,
            prefix: path)
        return residual ? try Addition.Kind().build(&builder, [inputs[0], last], path) : last
    }

    /// The sum, the gates and the two 1×1 convolutions; the last one is what the block ends with.
    private func afterConvolution(hasCondition: Bool, inputChannels: Int) -> [LayerSpecification] {
        func pointwise(_ name: String, _ filters: Int) -> LayerSpecification {
            .named(name, .conv1d(filters: filters, kernel: 1, bias: bias).reading("gate"))
        }
        let sum: [LayerSpecification] = hasCondition ? [.named("sum", .add.reading("conv", "condition"))] : []
        return sum + [.named("gate", .gate)] + (skip.map { [pointwise("skip", $0)] } ?? [])
            + (residual ? [pointwise("residual", inputChannels)] : [])
    }
}

extension LayerSpecification {
    /// - Parameters:
    ///   - channels: behind the gates; nil for those of the input.
    ///   - skip: nil for no skip.
    package static func gatedResidual(
        channels: Int? = nil, skip: Int?, kernel: Int = 2, dilation: Int = 1, padding: Padding = .causal,
        bias: Bool = true, residual: Bool = true
    ) -> LayerSpecification {
        .init(
            GatedResidual(
                channels: channels, skip: skip, kernel: kernel, dilation: dilation, padding: padding, bias: bias,
                residual: residual))
    }
}
