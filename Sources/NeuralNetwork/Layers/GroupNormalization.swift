import Autograd
import ConfigurationReading
import TensorCore

/// Normalises each sample's groups of neighbouring channels, each over its channels and all positions: [N, …, C] → the
/// same.
///
/// Wu and He 2018; parameters have the names and shapes of PyTorch's `GroupNorm`. A group for each channel is instance
/// normalisation.
struct GroupNormalization: UnaryLayer {
    let groups: Int
    /// γ and β; nil where there are none.
    let affine: (gamma: Parameter, beta: Parameter)?
    let epsilon: Float

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        groupNormalization(
            x, groups: groups, affine: affine.map { (x.parameter($0.gamma), x.parameter($0.beta)) }, epsilon: epsilon)
    }

    static let entry = LayerEntry(
        "groupNorm",
        "Group normalisation: over the positions and neighbouring channels of each group, for each sample by itself.",
        shorthand: "groups"
    ) { reader in
        let groups = reader.required("groups", .integer(in: 1...), "Into how many groups the channels are divided.")
        return Kind(groups: groups, from: reader, isAffine: true)
    }

    static let instanceEntry = LayerEntry(
        "instanceNorm",
        "Instance normalisation: over the positions of each channel, for each sample by itself; `groupNorm` with a "
            + "group for each channel."
    ) { Kind(groups: nil, from: $0, isAffine: false) }

    struct Kind: LayerKind {
        /// Nil for one for each channel.
        let groups: Int?
        let epsilon: Double
        /// Whether there are γ and β.
        let affine: Bool

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try groups == nil ? builder.image(inputs, path) : builder.single(inputs, path)
            let channels = input[-1]
            let groups = groups ?? channels
            guard channels % groups == 0 else {
                throw ModelError.groups(
                    layer: path, groups: groups, inputChannels: channels, outputChannels: channels)
            }
            let parameters =
                affine
                ? (
                    gamma: try builder.parameter(path + ".weight", [channels], .ones),
                    beta: try builder.parameter(path + ".bias", [channels], .zeros)
                ) : nil
            // As for layer normalisation, with a mean and a variance for each group.
            let gains = affine ? input.count : 0
            return builder.add(
                GroupNormalization(groups: groups, affine: parameters, epsilon: Float(epsilon)),
                self.groups == nil ? "instanceNorm" : "groupNorm", inputs, input, path,
                multiplications: 2 * input.count + 2 * groups + gains, additions: 3 * input.count - groups + gains,
                window: .everything)
        }
    }
}

extension GroupNormalization.Kind {
    /// - Parameter isAffine: whether it is, where the configuration says nothing.
    fileprivate init(groups: Int?, from reader: ConfigurationReader, isAffine: Bool) {
        self.groups = groups
        epsilon = reader.value("epsilon", .number(above: 0), default: 1e-5, "Added to the variance.")
        affine = reader.value(
            "affine", .flag, default: ConfigurationNode(booleanLiteral: isAffine),
            "Whether a learned gain multiplies the result and a learned bias is added.")
    }
}

extension LayerSpecification {
    package static func groupNorm(
        groups: Int, epsilon: Double = 1e-5, affine: Bool = true
    ) -> LayerSpecification {
        .init(GroupNormalization.Kind(groups: groups, epsilon: epsilon, affine: affine))
    }

    package static func instanceNorm(epsilon: Double = 1e-5, affine: Bool = false) -> LayerSpecification {
        .init(GroupNormalization.Kind(groups: nil, epsilon: epsilon, affine: affine))
    }
}
