import Autograd
import ConfigurationReading
import TensorCore

/// Normalises each channel with the grain's or the batch's statistics in training, the running ones in evaluation:
/// [N, …, C] → the same, plus the second input where there is one.
struct BatchNormalization: Layer {
    /// γ and β; nil where there are none.
    let affine: (gamma: Parameter, beta: Parameter)?
    let runningMean: Parameter
    let runningVariance: Parameter
    let epsilon: Float
    let statistics: NormalizationStatistics
    let frozen: FrozenStatistics
    var rectifies = false
    var adds = false

    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable {
        guard let lengths = inputs[0].lengths else { return normalized(inputs, mode: mode) }
        let steps = inputs[0].shape[1]
        return unpacked(normalized(inputs.map(packed), mode: mode), lengths, steps: steps)
    }

    private func normalized(_ inputs: [Variable], mode: Mode) -> Variable {
        let x = inputs[0]
        return batchNormalization(
            x, gamma: affine.map { x.parameter($0.gamma) } ?? constant(1, x),
            beta: affine.map { x.parameter($0.beta) } ?? constant(0, x), runningMean: runningMean,
            runningVariance: runningVariance, epsilon: epsilon, mode: mode, over: statistics,
            frozen: frozen, adding: adds ? inputs[1] : nil, rectify: rectifies)
    }

    /// A number for each channel.
    private func constant(_ value: Float, _ x: Variable) -> Variable {
        let values = x.makeTensor([x.shape[-1]])
        values.fill(value)
        return x.tape.constant(values)
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard !rectifies, next is Rectifier else { return nil }
        var copy = self
        copy.rectifies = true
        return copy
    }

    /// The end of a residual block; not where the result has already passed max(0, y).
    var fusedWithSum: (any Layer)? {
        guard !rectifies, !adds else { return nil }
        var copy = self
        copy.adds = true
        return copy
    }

    var batchStatistic: Parameter? { statistics == .batch ? runningMean : nil }

    static let entry = LayerEntry(
        "batchNorm", "Batch normalisation with the statistics of each grain, or of the batch."
    ) {
        Kind(from: $0)
    }

    struct Kind: LayerKind {
        /// The weight of the newest running statistic.
        let momentum: Double
        let epsilon: Double
        /// Whether there are γ and β.
        let affine: Bool
        /// Nil for what the model says.
        let statistics: NormalizationStatistics?
        let frozen: FrozenStatistics

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            builder.noteRowStatistics(inputs[0], path)
            let channels: Shape = [input[-1]]
            let role = ParameterRole.statistic(momentum: Float(momentum))
            let parameters =
                affine
                ? (
                    gamma: try builder.parameter(path + ".weight", channels, .ones),
                    beta: try builder.parameter(path + ".bias", channels, .zeros)
                ) : nil
            let layer = BatchNormalization(
                affine: parameters,
                runningMean: try builder.parameter(path + ".running_mean", channels, .zeros, role: role),
                runningVariance: try builder.parameter(path + ".running_var", channels, .ones, role: role),
                epsilon: Float(epsilon), statistics: statistics ?? builder.statistics, frozen: frozen)
            // In evaluation all four numbers of a channel come down to a factor and a term.
            return builder.add(
                layer, "batchNorm", inputs, input, path, multiplications: input.count, additions: input.count)
        }
    }
}

extension BatchNormalization.Kind {
    init(from reader: ConfigurationReader) {
        momentum = reader.value("momentum", .number(in: 0...1), default: 0.1, "Weight of the newest running statistic.")
        epsilon = reader.value("epsilon", .number(above: 0), default: 1e-5, "Added to the variance.")
        affine = reader.value(
            "affine", .flag, default: true, "Whether a learned gain multiplies the result and a learned bias is added.")
        statistics = reader.optional(
            "statistics", .choice(of: NormalizationStatistics.self),
            "Over which samples mean and variance are taken in training: `grain` (if absent), or `batch` for all "
                + "grains of the step on all ranks, which are computed together and wait for each other at every "
                + "such layer.")
        frozen = reader.value(
            "frozen", .choice(of: FrozenStatistics.self), default: "running",
            "The statistics that it takes in a phase that does not train it: the `running` ones, or those of each "
                + "`grain`, with which a GAN's networks see each other as they are in their own steps.")
    }
}

extension LayerSpecification {
    package static func batchNorm(
        momentum: Double = 0.1, epsilon: Double = 1e-5, affine: Bool = true,
        statistics: NormalizationStatistics? = nil, frozen: FrozenStatistics = .running
    ) -> LayerSpecification {
        .init(
            BatchNormalization.Kind(
                momentum: momentum, epsilon: epsilon, affine: affine, statistics: statistics, frozen: frozen))
    }
}
