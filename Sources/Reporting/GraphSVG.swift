import Foundation
import Inspection

/// A drawn graph as an SVG file that needs no other.
package struct GraphSVG {
    private let graph: DrawnGraph
    private let layout: LayeredLayout

    private static let lineHeight = 17.0
    private static let padding = 9.0
    private static let headRoom = 46.0

    package init(_ graph: DrawnGraph) {
        self.graph = graph
        layout = LayeredLayout(
            graph.nodes.map(GraphSVG.size), edges: graph.edges.map { ($0.from, $0.to) },
            beside: graph.edges.map(\.isThroughTime), loose: graph.edges.map(\.isOfParameter), order: graph.order)
    }

    /// Where boxes and arrows are.
    package var places: LayeredLayout { layout }

    /// The size of a box, from the lines that it holds.
    static func size(_ node: DrawnGraph.Node) -> LayeredLayout.Size {
        let lines = node.lines + (node.gradient.map { [$0] } ?? [])
        let widest = lines.enumerated().map { Double($1.count) * ($0 == 0 ? 8.2 : 7.2) }.max() ?? 0
        return .init(width: max(58, widest + 24), height: Double(lines.count) * lineHeight + 2 * padding)
    }

    /// The file's text.
    package var text: String {
        let width = max(layout.width, Double(graph.title.count) * 11 + 48, legendWidth + 48)
        let height = layout.height + GraphSVG.headRoom + 30
        let shift = (width - layout.width) / 2
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" \
            viewBox="0 0 \(number(width)) \(number(height))" role="img">
            <title>\(escaped(graph.title))</title>
            \(GraphSVG.style)
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text class="title" x="24" y="34">\(escaped(graph.title))</text>
            <g transform="translate(\(number(shift)) \(number(GraphSVG.headRoom)))">
            \(graph.edges.indices.map(arrow).joined(separator: "\n"))
            \(graph.nodes.indices.map(box).joined(separator: "\n"))
            </g>
            \(legend(at: height - 16))
            </svg>

            """
    }

    // MARK: - Parts

    private static let style = """
        <defs>
        <marker id="to" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" \
        orient="auto-start-reverse"><path d="M0 0.8 10 5 0 9.2z" fill="#5b6470"/></marker>
        <marker id="back" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" \
        orient="auto-start-reverse"><path d="M0 0.8 10 5 0 9.2z" fill="#c2410c"/></marker>
        </defs>
        <style>
        text { font: 12.5px "DejaVu Sans", Verdana, "Helvetica Neue", Arial, sans-serif; fill: #1f2933; }
        .title { font-size: 17px; font-weight: 600; }
        .head { font-weight: 600; font-size: 13px; }
        .soft { fill: #52606d; font-size: 11.5px; }
        .grad { fill: #c2410c; font-size: 11.5px; }
        path.edge { fill: none; stroke: #5b6470; stroke-width: 1.5; }
        path.use { fill: none; stroke: #b08900; stroke-width: 1.1; }
        path.back { fill: none; stroke: #c2410c; stroke-width: 1.2; stroke-dasharray: 5 4; }
        rect.box { stroke-width: 1.4; }
        </style>
        """

    /// Fill and edge of a box.
    private static func colors(_ role: DrawnGraph.Role) -> (fill: String, edge: String) {
        switch role {
        case .input: ("#eef2f6", "#7b8794")
        case .weighted: ("#dbeafe", "#2563eb")
        case .recurrent: ("#d5f5f0", "#0f8a7a")
        case .activation: ("#ffedd5", "#ea7a17")
        case .pooling: ("#dcfce7", "#2f9e44")
        case .normalization: ("#ede9fe", "#7c3aed")
        case .other: ("#ffffff", "#7b8794")
        case .group: ("#e0e7ff", "#4338ca")
        case .parameter: ("#fef9c3", "#b08900")
        case .target: ("#f5f5f4", "#78716c")
        case .loss: ("#fee2e2", "#dc2626")
        }
    }

    private func box(_ index: Int) -> String {
        let (node, size, center) = (graph.nodes[index], GraphSVG.size(graph.nodes[index]), layout.centers[index])
        let (fill, edge) = GraphSVG.colors(node.role)
        let round = [.input, .target, .parameter].contains(node.role) ? 16.0 : 6
        let top = center.y - size.height / 2
        let lines = node.lines.map { ($0, "soft") } + (node.gradient.map { [($0, "grad")] } ?? [])
        let texts = lines.enumerated().map { place, line in
            let y = top + GraphSVG.padding + GraphSVG.lineHeight * (Double(place) + 0.76)
            return "<text class=\"\(place == 0 ? "head" : line.1)\" x=\"\(number(center.x))\" y=\"\(number(y))\" "
                + "text-anchor=\"middle\">\(escaped(line.0))</text>"
        }
        return "<g class=\"node \(node.role.rawValue)\"><rect class=\"box\" "
            + "x=\"\(number(center.x - size.width / 2))\" y=\"\(number(top))\" width=\"\(number(size.width))\" "
            + "height=\"\(number(size.height))\" rx=\"\(number(round))\" fill=\"\(fill)\" stroke=\"\(edge)\"/>"
            + texts.joined() + "</g>"
    }

    private func arrow(_ index: Int) -> String {
        let (edge, points) = (graph.edges[index], layout.routes[index])
        let shape = edge.isOfParameter ? "use" : "edge"
        let forward = "<path class=\"\(shape)\" d=\"\(way(points, edge))\" marker-end=\"url(#to)\"/>"
        // A parameter's box says what the sum over its uses is.
        guard edge.hasGradient, !edge.isOfParameter else { return forward }
        // Beside it, the other way.
        let moved = points.map {
            LayeredLayout.Point(x: $0.x + (edge.isThroughTime ? 0 : 7), y: $0.y + (edge.isThroughTime ? 8 : 0))
        }
        return forward + "\n<path class=\"back\" d=\"\(way(moved, edge))\" marker-start=\"url(#back)\"/>"
    }

    /// Curves between rows, straight where an arrow passes a row.
    private func way(_ points: [LayeredLayout.Point], _ edge: DrawnGraph.Edge) -> String {
        var text = "M\(number(points[0].x)) \(number(points[0].y))"
        for (a, b) in zip(points, points.dropFirst()) {
            if edge.isThroughTime || a.x == b.x {
                text += "L\(number(b.x)) \(number(b.y))"
            } else {
                let middle = (a.y + b.y) / 2
                text +=
                    "C\(number(a.x)) \(number(middle)) \(number(b.x)) \(number(middle)) "
                    + "\(number(b.x)) \(number(b.y))"
            }
        }
        return text
    }

    // MARK: - Legend

    private var roles: [DrawnGraph.Role] {
        DrawnGraph.Role.allCases.filter { role in graph.nodes.contains { $0.role == role } }
    }

    private static func name(_ role: DrawnGraph.Role) -> String {
        switch role {
        case .weighted: "with weights"
        case .other: "without weights"
        case .group: "several layers"
        default: role.rawValue
        }
    }

    private var legendWidth: Double { roles.reduce(0) { $0 + 36 + Double(GraphSVG.name($1).count) * 7.4 } }

    private func legend(at y: Double) -> String {
        var x = 24.0
        return roles.map { role in
            let (fill, edge) = GraphSVG.colors(role)
            defer { x += 36 + Double(GraphSVG.name(role).count) * 7.4 }
            return "<rect x=\"\(number(x))\" y=\"\(number(y - 10))\" width=\"14\" height=\"12\" rx=\"3\" "
                + "fill=\"\(fill)\" stroke=\"\(edge)\"/><text class=\"soft\" x=\"\(number(x + 20))\" "
                + "y=\"\(number(y))\">\(GraphSVG.name(role))</text>"
        }.joined(separator: "\n")
    }

    private func number(_ value: Double) -> String { NumberText.significant((value * 10).rounded() / 10, digits: 7) }
}
