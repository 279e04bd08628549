import Foundation
import Inspection

/// A drawn graph in the language of Graphviz.
package struct GraphDOT {
    private let graph: DrawnGraph

    package init(_ graph: DrawnGraph) { self.graph = graph }

    /// The file's text.
    package var text: String {
        var lines = [
            "digraph network {", "  label=\(quoted(graph.title)); labelloc=t;", "  rankdir=TB;",
            "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"];",
        ]
        for (index, node) in graph.nodes.enumerated() {
            let label = (node.lines + (node.gradient.map { [$0] } ?? [])).joined(separator: "\n")
            lines.append(
                "  n\(index) [label=\(quoted(label)), fillcolor=\"\(GraphDOT.color(node.role))\""
                    + (node.role == .parameter ? ", shape=ellipse];" : "];"))
        }
        for edge in graph.edges {
            lines.append("  n\(edge.from) -> n\(edge.to)" + (edge.isThroughTime ? " [constraint=false];" : ";"))
            if edge.hasGradient, !edge.isOfParameter {
                lines.append("  n\(edge.to) -> n\(edge.from) [style=dashed, color=\"#c2410c\", constraint=false];")
            }
        }
        // Steps of time stand beside each other.
        for edge in graph.edges where edge.isThroughTime {
            lines.append("  { rank=same; n\(edge.from); n\(edge.to); }")
        }
        return (lines + ["}", ""]).joined(separator: "\n")
    }

    private static func color(_ role: DrawnGraph.Role) -> String {
        switch role {
        case .input, .target: "#eef2f6"
        case .weighted, .group: "#dbeafe"
        case .recurrent: "#d5f5f0"
        case .activation: "#ffedd5"
        case .pooling: "#dcfce7"
        case .normalization: "#ede9fe"
        case .other: "#ffffff"
        case .parameter: "#fef9c3"
        case .loss: "#fee2e2"
        }
    }

    private func quoted(_ text: String) -> String {
        "\""
            + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
            .replacingOccurrences(of: "\n", with: "\\n") + "\""
    }
}
