import Foundation
import Inspection
import NeuralNetwork
import TensorCore
import Testing
import Training

/// Networks as graphs to be drawn, and where their boxes come to stand.
@Suite struct DrawnGraphTests {
    private func outline(_ model: String, _ rest: String = "") throws -> NetworkOutline {
        let yaml = """
            model: \(model)
            data: {name: digits, limit: 20, validation: 5}
            batch: 4
            maxSteps: 1
            optimizer: {name: sgd, learningRate: 0.1}
            \(rest)
            """
        return try NetworkOutline(try RunConfiguration(yaml: yaml, file: "drawn.yaml"))
    }

    private func count(_ graph: DrawnGraph, _ role: DrawnGraph.Role) -> Int { graph.nodes.count { $0.role == role } }

    private static let twoHeads = """
        {input: [28, 28, 1], layers: [flatten, {name: trunk, linear: 8}, relu, {name: digit, linear: 10}, \
        {name: slant, from: trunk, linear: 1}]}
        """

    @Test func `each layer is a box, each value that a layer reads an arrow, and losses and targets are drawn`() throws
    {
        let graph = DrawnGraph(
            try outline(
                Self.twoHeads,
                "losses: [{crossEntropy: {of: digit, target: label}}, {mse: {of: slant, target: slant}, weight: 10}]"))
        // image, flatten, trunk, relu, digit, slant; two losses with a target each.
        #expect(graph.nodes.count == 6 + 4 && graph.edges.count == 5 + 4)
        #expect(count(graph, .loss) == 2 && count(graph, .target) == 2 && count(graph, .weighted) == 3)
        #expect(graph.nodes.contains { $0.lines == ["linear", "trunk", "[8]", "6,280 parameters"] })
        #expect(graph.nodes.contains { $0.lines == ["mse", "× 10"] })
    }

    @Test func `depth joins the layers of a block in one box`() throws {
        let resnet = try NetworkOutline("resnet20")
        let all = DrawnGraph(resnet)
        #expect(all.nodes.count == resnet.models[0].nodes.count)
        #expect(all.edges.count == resnet.models[0].nodes.reduce(0) { $0 + Set($1.inputs).count })
        let blocks = DrawnGraph(resnet, depth: 1)
        #expect(blocks.nodes.count < all.nodes.count && count(blocks, .group) > 0)
        let counts = [all, blocks].map { graph in
            graph.nodes.flatMap(\.lines).filter { $0.hasSuffix(" parameters") }.reduce(0) {
                $0 + (Int($1.dropLast(11).replacingOccurrences(of: ",", with: "")) ?? 0)
            }
        }
        #expect(counts[0] == counts[1] && counts[0] > 200_000)
    }

    @Test(arguments: [1, 4, 9])
    func `an unrolled recurrent network has its steps beside each other, and U, V and W once`(steps: Int) throws {
        let model = "{input: [28, 28], layers: [{rnn: {units: 16, returns: sequence}}, {linear: 10}]}"
        // Rows of a picture as steps; a class a row.
        let graph = try DrawnGraph(NetworkOutline("t.yaml", model: model), unrolled: steps)
        let headings = graph.nodes.map { $0.lines[0] }
        for letter in ["U", "V", "W"] { #expect(headings.count { $0 == letter } == 1, "\(headings)") }
        #expect(count(graph, .parameter) == 3 && count(graph, .recurrent) == steps && count(graph, .input) == steps)
        #expect(graph.nodes.count == 3 + 3 * steps)
        // U and W to each state, V to each output; x to h, h to y, and h to the next h.
        #expect(graph.edges.count == 3 * steps + 2 * steps + steps - 1)
        #expect(graph.edges.count(where: \.isThroughTime) == steps - 1)
        let layout = layout(graph)
        let states = graph.nodes.indices.filter { graph.nodes[$0].role == .recurrent }
        #expect(Set(states.map { layout.rows[$0] }).count == 1)
        let xs = states.map { layout.centers[$0].x }
        #expect(xs == xs.sorted() || xs == xs.sorted(by: >))
    }

    @Test func `both directions and several layers have rows and parameters of their own`() throws {
        let model = "{input: [28, 28], layers: [{lstm: {units: 8, layers: 2, bidirectional: true}}, {linear: 10}]}"
        let graph = try DrawnGraph(NetworkOutline("t.yaml", model: model), unrolled: 3)
        let headings = graph.nodes.filter { $0.role == .parameter }.map { $0.lines[0] }
        #expect(headings.sorted() == ["U₁", "U₂", "U₃", "U₄", "V", "W₁", "W₂", "W₃", "W₄"])
        #expect(count(graph, .recurrent) == 3 * 2 * 2)
        #expect(graph.edges.count(where: \.isThroughTime) == 4 * 2)
        requireSeparateBoxes(graph)
    }

    @Test func `what follows a whole sequence reads where it ends`() throws {
        let model = "{input: [28, 28], layers: [{gru: {units: 8, returns: last}}, {linear: 10}]}"
        let graph = try DrawnGraph(NetworkOutline("t.yaml", model: model), unrolled: 4)
        let output = try #require(graph.nodes.firstIndex { $0.lines[0] == "linear" })
        let readers = graph.edges.filter { $0.to == output && !$0.isOfParameter }
        #expect(readers.count == 1 && graph.nodes[readers[0].from].lines[0] == "h₄")
        #expect(throws: InspectionError.self) { try DrawnGraph(NetworkOutline("lenet5"), unrolled: 4) }
    }

    @Test func `backward reaches what is learned and what lies between it and the loss, and no input`() throws {
        var graph = DrawnGraph(try outline(Self.twoHeads, "losses: [{crossEntropy: {of: digit}}]"))
        graph.showBackward()
        let named = graph.nodes.map { ($0.lines[0], $0.lines.dropFirst().first ?? "", $0.gradient) }
        for (heading, name, gradient) in named {
            let isOnTheWay = ["crossEntropy", "relu"].contains(heading) || ["trunk", "digit"].contains(name)
            #expect((gradient != nil) == isOnTheWay, "\(heading) \(name)")
        }
        // trunk to relu to digit to the loss.
        #expect(graph.edges.count(where: \.hasGradient) == 3)
    }

    // MARK: - Places

    private func layout(_ graph: DrawnGraph) -> LayeredLayout {
        LayeredLayout(
            sizes(graph), edges: graph.edges.map { ($0.from, $0.to) }, beside: graph.edges.map(\.isThroughTime),
            loose: graph.edges.map(\.isOfParameter), order: graph.order)
    }

    private func sizes(_ graph: DrawnGraph) -> [LayeredLayout.Size] {
        graph.nodes.map { .init(width: 40 + 7 * Double($0.lines[0].count), height: Double(20 * $0.lines.count)) }
    }

    /// No two boxes overlap, all lie in the picture, and no arrow passes a box that it does not belong to.
    private func requireSeparateBoxes(_ graph: DrawnGraph) {
        let (layout, sizes) = (layout(graph), sizes(graph))
        func isInside(_ point: LayeredLayout.Point, _ box: Int) -> Bool {
            abs(point.x - layout.centers[box].x) < sizes[box].width / 2 - 0.5
                && abs(point.y - layout.centers[box].y) < sizes[box].height / 2 - 0.5
        }
        for a in sizes.indices {
            let center = layout.centers[a]
            #expect(center.x - sizes[a].width / 2 > 0 && center.x + sizes[a].width / 2 < layout.width)
            #expect(center.y - sizes[a].height / 2 > 0 && center.y + sizes[a].height / 2 < layout.height)
            for b in sizes.indices where b > a {
                let isApart =
                    abs(center.x - layout.centers[b].x) >= (sizes[a].width + sizes[b].width) / 2
                    || abs(center.y - layout.centers[b].y) >= (sizes[a].height + sizes[b].height) / 2
                #expect(isApart, "\(graph.nodes[a].lines) and \(graph.nodes[b].lines)")
            }
        }
        for (edge, route) in zip(graph.edges, layout.routes) where !edge.isThroughTime {
            for (start, end) in zip(route, route.dropFirst()) {
                for step in 1..<20 {
                    let share = Double(step) / 20
                    let point = LayeredLayout.Point(
                        x: start.x + (end.x - start.x) * share, y: start.y + (end.y - start.y) * share)
                    for box in sizes.indices where box != edge.from && box != edge.to {
                        // Between rows arrows bend; only straight pieces pass a row.
                        if isInside(point, box), start.x == end.x {
                            Issue.record("an arrow to \(graph.nodes[edge.to].lines) passes \(graph.nodes[box].lines)")
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: ["lenet5", "resnet20", "googlenet", "inception-v3", "resnet50", "charlstm"])
    func `boxes of ready-made models lie apart, below what they read`(name: String) throws {
        for depth in [nil, 1] {
            let graph = DrawnGraph(try NetworkOutline(name), depth: depth)
            requireSeparateBoxes(graph)
            let layout = layout(graph)
            for edge in graph.edges where edge.from < edge.to {
                #expect(layout.centers[edge.from].y < layout.centers[edge.to].y)
            }
        }
    }
}

extension NetworkOutline {
    /// Of a file that has `model:` alone.
    fileprivate init(_ file: String, model: String) throws {
        let path = NSTemporaryDirectory() + "drawn-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "model: \(model)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try self.init(path)
    }
}
