import Autograd
import ConfigurationReading
import TensorCore

/// What becomes of the numbers for all elements of a group.
package enum GroupSummary: String, CaseIterable, Sendable {
    case max, mean
}

/// One number for all elements of a group: [N, H, W, |G|, C] → [N, H, W, C]. Cohen and Welling 2016, section 6.3.
///
/// Its output turns with the model's input as an image does.
struct GroupPooling: UnaryLayer {
    let summary: GroupSummary

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let s = x.shape
        // Windows of one position and all elements.
        let elements = reshape(x, [s[0], s[1] * s[2], s[3], s[4]])
        let windows = PoolingAttributes(kernel: [1, s[3]])
        let y = summary == .max ? maxPool2D(elements, windows) : averagePool2D(elements, windows)
        return reshape(y, [s[0], s[1], s[2], s[4]])
    }

    static let entry = LayerEntry(
        "groupPool", "One number for all elements of the group of a `groupConv`, whose output is an image again.",
        shorthand: "mode"
    ) { reader in
        Kind(
            summary: reader.value(
                "mode", .choice(of: GroupSummary.self), default: "max", "`max`, the largest; `mean`, their mean."))
    }

    struct Kind: LayerKind {
        let summary: GroupSummary

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard let group = try builder.symmetricImage(inputs, path).group else {
                throw ModelError.refused(
                    layer: path,
                    because: "its input \(input) lies over no group; put a `groupConv` before it, or take it away")
            }
            let output: Shape = [input[0], input[1], input[3]]
            let isMean = summary == .mean
            return builder.add(
                GroupPooling(summary: summary), "groupPool", inputs, output, path,
                multiplications: isMean ? output.count : 0,
                additions: isMean ? (group.order - 1) * output.count : 0, window: .position)
        }
    }
}

extension LayerSpecification {
    package static func groupPool(_ summary: GroupSummary = .max) -> LayerSpecification {
        .init(GroupPooling.Kind(summary: summary))
    }
}
