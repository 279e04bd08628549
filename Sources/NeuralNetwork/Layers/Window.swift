import ConfigurationReading
import TensorCore

/// Extents along height and width.
package struct Size: Equatable, Sendable {
    package var height: Int
    package var width: Int

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// The same extent in both directions.
    package init(_ extent: Int) { self.init(height: extent, width: extent) }

    /// Height first.
    var extents: [Int] { [height, width] }
}

/// How wide the border around an image is, or before and behind a sequence.
package enum Padding: Equatable, Sendable {
    /// So many at the top and the bottom, and so many at the left and the right.
    case explicit(Size)
    /// As many as make the output ⌈input/stride⌉ large; an odd one goes to the bottom and the right.
    case same
    /// As much at the top and the left as a filter reaches back, so that no output depends on inputs after its place.
    case causal

    /// [top, bottom, left, right] for an image [H, W, C].
    func extents(input: Shape, kernel: Size, stride: Size, dilation: Size) -> [Int] {
        switch self {
        case .explicit(let size): return [size.height, size.height, size.width, size.width]
        case .causal: return [dilation.height * (kernel.height - 1), 0, dilation.width * (kernel.width - 1), 0]
        case .same:
            func split(_ n: Int, _ k: Int, _ s: Int, _ d: Int) -> [Int] {
                let total = max(((n + s - 1) / s - 1) * s + d * (k - 1) + 1 - n, 0)
                return [total / 2, total - total / 2]
            }
            return split(input[0], kernel.height, stride.height, dilation.height)
                + split(input[1], kernel.width, stride.width, dilation.width)
        }
    }
}

/// What the border around an image holds, by PyTorch's names.
package enum PaddingMode: String, CaseIterable, Sendable {
    case zeros
    /// The image goes on with its opposite side, as on a torus.
    case circular
}

extension ConfigurationType where Value == Size {
    /// One integer for both directions, or `[height, width]`.
    static func size(in range: some RangeExpression<Int> & Sendable) -> Self {
        let extent = ConfigurationType<Int>.integer(in: range)
        let summary = "\(extent.summary), or [height, width] of such"
        return Self(summary, placeholder: Size(extent.placeholder())) { node, path, context in
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
                value: Size(height: height.value, width: width.value),
                node: ConfigurationNode(.list([height.node, width.node])))
        }
    }
}

extension ConfigurationType where Value == Padding {
    /// A size, or the word `same`.
    static var padding: Self {
        let size = ConfigurationType<Size>.size(in: 0...)
        let summary = "\(size.summary), or same"
        return Self(summary, placeholder: .explicit(Size(0))) { node, path, context in
            if case .scalar("same", _) = node.content { return Reading(value: .same, node: "same") }
            if case .scalar(let text, _) = node.content, Int(text) == nil {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            return size.read(node, path, context).map { Reading(value: .explicit($0.value), node: $0.node) }
        }
    }

    /// Steps before and behind a sequence, or the words `same` or `causal`.
    static var sequencePadding: Self {
        let steps = ConfigurationType<Int>.integer(in: 0...)
        let summary = "\(steps.summary), or same, or causal"
        return Self(summary, placeholder: .explicit(Size(0))) { node, path, context in
            switch node.content {
            case .scalar("same", _): return Reading(value: .same, node: "same")
            case .scalar("causal", _): return Reading(value: .causal, node: "causal")
            case .scalar(let text, _) where Int(text) != nil:
                return steps.read(node, path, context).map {
                    Reading(value: .explicit(Size(height: 0, width: $0.value)), node: $0.node)
                }
            default:
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
        }
    }
}
