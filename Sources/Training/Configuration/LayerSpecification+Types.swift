import ConfigurationReading
import NeuralNetwork

extension ConfigurationType where Value == LayerSpecification.Size {
    /// One integer for both directions, or `[height, width]`.
    static func size(in range: some RangeExpression<Int> & Sendable) -> Self {
        let extent = ConfigurationType<Int>.integer(in: range)
        let summary = "\(extent.summary), or [height, width] of such"
        return Self(summary, placeholder: Value(extent.placeholder())) { node, path, context in
            let nodes: [ConfigurationNode]
            switch node.content {
            case .scalar: nodes = [node, node]
            case .list(let elements) where elements.count == 2: nodes = elements
            default:
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            guard let height = extent.read(nodes[0], path, context) else { return nil }
            guard let width = extent.read(nodes[1], path, context) else { return nil }
            return Reading(
                value: Value(height: height.value, width: width.value),
                node: ConfigurationNode(.list([height.node, width.node])))
        }
    }
}

extension ConfigurationType where Value == LayerSpecification.Padding {
    /// A size, or the word `same`.
    static var padding: Self {
        let size = ConfigurationType<LayerSpecification.Size>.size(in: 0...)
        let summary = "\(size.summary), or same"
        return Self(summary, placeholder: .explicit(.init(0))) { node, path, context in
            if case .scalar("same", _) = node.content { return Reading(value: .same, node: "same") }
            if case .scalar(let text, _) = node.content, Int(text) == nil {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            return size.read(node, path, context).map { Reading(value: .explicit($0.value), node: $0.node) }
        }
    }
}

/// The distribution of a layer's initial weights: `heNormal`, `{uniformFanIn: 1}`.
extension LayerSpecification.Initializer: ConfigurationSection {
    package static var title: String { "initializer" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        self = reader.oneOf(
            [
                .key("xavierUniform", "Uniform in ±√(6/(fanIn + fanOut)); Glorot and Bengio 2010.") { _ in
                    .xavierUniform
                },
                .key("xavierNormal", "Normal with variance 2/(fanIn + fanOut).") { _ in .xavierNormal },
                .key("heUniform", "Uniform in ±√(6/fanIn); He et al. 2015.") { _ in .heUniform },
                .key("heNormal", "Normal with variance 2/fanIn.") { _ in .heNormal },
                .key("uniformFanIn", "Uniform in ±c/√fanIn.", shorthand: "c") { reader in
                    .uniformFanIn(
                        c: reader.value("c", .number(above: 0), default: 1, "1 for Xavier's rule, 2 for He's."))
                },
            ]
                + ["zero", "zeros", "one", "ones", "constant"].map {
                    .refused($0, because: Self.symmetry, standIn: .heNormal)
                })
    }

    /// Why equal weights are refused.
    private static let symmetry = """
        with equal weights all units of a layer compute the same thing and get the same gradient, so they \
        never differ; use heNormal, heUniform, xavierNormal, xavierUniform or uniformFanIn.
        """
}
