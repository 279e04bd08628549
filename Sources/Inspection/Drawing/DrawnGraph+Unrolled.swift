import Autograd
import NeuralNetwork
import TensorCore
import Training

extension DrawnGraph {
    /// The first steps of a recurrent network beside each other: U, W and V, and every other parameter of a layer,
    /// stand there once, with an arrow to each step that uses them.
    ///
    /// - Parameter steps: how many; at least 1. What follows a whole sequence reads the last of them.
    /// - Throws: `InspectionError.unsuitableModel` where nothing repeats itself.
    package init(_ outline: NetworkOutline, unrolled steps: Int) throws {
        let all = outline.models.flatMap(\.nodes)
        guard all.contains(where: { $0.recurrence != nil }) else {
            throw InspectionError.unsuitableModel(
                path: outline.name,
                problem: "has no recurrent layer, so that no steps can be unrolled; leave --unroll out")
        }
        let longest = all.compactMap(\.steps).max() ?? steps
        let shown = min(steps, longest)
        self.init(title: "\(outline.name), \(shown) of \(longest) steps")
        for model in outline.models {
            var unrolling = Unrolling(model, steps: shown)
            let boxes = unrolling.draw(in: &self)
            addLosses(of: model, outline) { boxes[$0].map(\.steps) ?? [] }
        }
    }
}

/// A model's nodes, step by step.
private struct Unrolling {
    /// The boxes of a node: one for each step, or a single one.
    struct Boxes {
        var steps: [Int]
        /// Where a sequence ends: its last step, of a second direction the first.
        var ends: [Int]
    }

    private let model: ModelOutline
    private let steps: Int
    private let letters: [String: String]

    init(_ model: ModelOutline, steps: Int) {
        self.model = model
        self.steps = steps
        letters = Unrolling.letters(of: model)
    }

    mutating func draw(in graph: inout DrawnGraph) -> [Int: Boxes] {
        var boxes: [Int: Boxes] = [:]
        for (index, node) in model.nodes.enumerated() {
            if let recurrence = node.recurrence {
                boxes[index] = draw(node, recurrence, boxes, in: &graph)
            } else {
                let parameters = draw(parametersOf: node, in: &graph)
                let count = node.steps == nil ? 1 : steps
                let own = (1...count).map { step in
                    let box = graph.add(
                        lines(node, step: node.steps == nil ? nil : step), DrawnGraph.role(of: node))
                    for parameter in parameters { graph.connect(parameter, box) }
                    for input in node.inputs {
                        for from in sources(boxes[input], at: node.steps == nil ? nil : step, of: model.nodes[input]) {
                            graph.connect(from, box)
                        }
                    }
                    return box
                }
                boxes[index] = Boxes(steps: own, ends: [own[own.count - 1]])
            }
        }
        return boxes
    }

    /// What a box reads of a node: its box of the same step; of one without steps the only one; and what reads a
    /// sequence as a whole, all of them, or where a recurrence ends.
    private func sources(_ boxes: Boxes?, at step: Int?, of node: ModelOutline.Node) -> [Int] {
        guard let boxes else { return [] }
        if node.steps == nil { return boxes.ends }
        guard let step else { return boxes.steps }
        return [boxes.steps[min(step, boxes.steps.count) - 1]]
    }

    /// Rows of states, of each layer and direction, with an arrow from step to step.
    private func draw(
        _ node: ModelOutline.Node, _ recurrence: ModelOutline.Recurrence, _ boxes: [Int: Boxes],
        in graph: inout DrawnGraph
    ) -> Boxes {
        var below: [[Int]] = (1...steps).map { sources(boxes[node.inputs[0]], at: $0, of: model.nodes[node.inputs[0]]) }
        let first = node.inputs.dropFirst().flatMap { boxes[$0]?.ends ?? [] }
        var ends: [Int] = []
        for layer in 0..<recurrence.layers {
            var rows: [[Int]] = []
            for direction in 0..<(recurrence.isBidirectional ? 2 : 1) {
                let suffix = "_l\(layer)" + (direction == 1 ? "_reverse" : "")
                let parameters = node.parameters.filter { $0.name.hasSuffix(suffix) && $0.shape.rank == 2 }.map {
                    draw($0, in: &graph)
                }
                let row = (1...steps).map { step in
                    graph.add(
                        stateLines(node, recurrence, layer: layer, direction: direction, step: step), .recurrent,
                        needsGradient: true)
                }
                for (step, box) in row.enumerated() {
                    for from in below[step] { graph.connect(from, box) }
                    for parameter in parameters { graph.connect(parameter, box) }
                    let before = direction == 0 ? step - 1 : step + 1
                    if row.indices.contains(before) { graph.connect(row[before], box, isThroughTime: true) }
                    if direction == 1 { graph.stack(rows[0][step], box) }
                }
                for from in first { graph.connect(from, direction == 0 ? row[0] : row[steps - 1]) }
                if layer == recurrence.layers - 1 { ends.append(direction == 0 ? row[steps - 1] : row[0]) }
                rows.append(row)
            }
            below = (0..<steps).map { step in rows.map { $0[step] } }
        }
        guard recurrence.isBidirectional, recurrence.returnsSequence else {
            return Boxes(steps: below.map { $0[0] }, ends: ends)
        }
        // Both directions side by side.
        let joined = below.enumerated().map { step, states in
            let box = graph.add(["[h⃗, h⃖]\(Unrolling.index(step + 1))", "\([node.shape[1]])"], .other)
            for state in states { graph.connect(state, box) }
            return box
        }
        return Boxes(steps: joined, ends: ends)
    }

    // MARK: - Text

    private func lines(_ node: ModelOutline.Node, step: Int?) -> [String] {
        let isInput = node.kind == "input"
        guard let step else {
            return [isInput ? node.name : node.kind, DrawnGraph.text(node.shape)]
        }
        let heading = isInput ? (node.name == ModelInput.usualName ? "x" : node.name) : node.kind
        let one = Shape(Array(node.shape.dimensions.dropFirst()))
        return [heading + Unrolling.index(step), one.rank == 0 ? "token" : "\(one)"]
    }

    private func stateLines(
        _ node: ModelOutline.Node, _ recurrence: ModelOutline.Recurrence, layer: Int, direction: Int, step: Int
    ) -> [String] {
        let letter = recurrence.isBidirectional ? (direction == 0 ? "h⃗" : "h⃖") : "h"
        let above = recurrence.layers > 1 ? ", layer \(layer + 1)" : ""
        return [letter + Unrolling.index(step), "\(node.kind) [\(recurrence.units)]\(above)"]
    }

    /// The parameters of a layer that are more than a bias.
    private func draw(parametersOf node: ModelOutline.Node, in graph: inout DrawnGraph) -> [Int] {
        node.parameters.filter { $0.isTrainable && $0.shape.rank > 1 }.map { draw($0, in: &graph) }
    }

    private func draw(_ parameter: Parameter, in graph: inout DrawnGraph) -> Int {
        graph.add(
            [letters[parameter.name] ?? parameter.name, parameter.name, "\(parameter.shape)"], .parameter,
            needsGradient: true)
    }

    /// U, W and V of textbooks: from the input to the state, from state to state, and behind the recurrence; E of an
    /// embedding. With a number where there are several.
    private static func letters(of model: ModelOutline) -> [String: String] {
        var named: [(name: String, letter: String)] = []
        for node in model.nodes {
            for parameter in node.parameters where parameter.isTrainable && parameter.shape.rank > 1 {
                let letter =
                    node.recurrence != nil
                    ? (parameter.name.contains("weight_hh") ? "W" : "U") : node.kind == "embedding" ? "E" : "V"
                named.append((parameter.name, letter))
            }
        }
        var result: [String: String] = [:]
        for (place, item) in named.enumerated() {
            let alike = named.count { $0.letter == item.letter }
            let number = named[...place].count { $0.letter == item.letter }
            result[item.name] = alike == 1 ? item.letter : item.letter + index(number)
        }
        return result
    }

    /// A number as subscript.
    static func index(_ number: Int) -> String {
        String(String(number).unicodeScalars.map { Character(UnicodeScalar($0.value - 48 + 0x2080) ?? "₀") })
    }
}
