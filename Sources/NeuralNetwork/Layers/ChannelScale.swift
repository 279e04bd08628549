import Autograd
import ConfigurationReading
import TensorCore

/// A learned gain and bias for each channel: [N, …, C] → the same.
struct ChannelScale: UnaryLayer {
    let gain: Parameter
    let bias: Parameter?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        channelScale(x, gain: x.parameter(gain), bias: bias.map(x.parameter))
    }

    static let entry = LayerEntry("scale", "A learned gain for each channel, and a bias.") { reader in
        Kind(bias: reader.value("bias", .flag, default: true, "Whether a bias is added."))
    }

    struct Kind: LayerKind {
        let bias: Bool

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            let channels: Shape = [input[-1]]
            let layer = ChannelScale(
                gain: try builder.parameter(path + ".weight", channels, .ones),
                bias: bias ? try builder.parameter(path + ".bias", channels, .zeros) : nil)
            return builder.add(
                layer, "scale", inputs, input, path, multiplications: input.count,
                additions: bias ? input.count : 0)
        }
    }
}

extension LayerSpecification {
    package static func scale(bias: Bool = true) -> LayerSpecification { .init(ChannelScale.Kind(bias: bias)) }
}
