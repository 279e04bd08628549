import NeuralNetwork
import System
import TensorCore
import Training

extension DrawnGraph {
    /// The layers of all models and their losses.
    ///
    /// - Parameter depth: layers with so many parts of their names in common are one box; nil for a box a layer.
    package init(_ outline: NetworkOutline, depth: Int? = nil) {
        self.init(title: outline.name)
        for model in outline.models {
            let places = add(model, depth: depth, isOnly: outline.models.count == 1)
            addLosses(of: model, outline) { places[$0].map { [$0] } ?? [] }
        }
    }

    /// Adds a model's boxes and says which box each node is in.
    private mutating func add(_ model: ModelOutline, depth: Int?, isOnly: Bool) -> [Int: Int] {
        // Two layers may have one name, as the end of a block and what follows it.
        let groups = model.nodes.enumerated().map { index, node in
            depth.map { DrawnGraph.group(of: node, depth: $0) } ?? "\(index)"
        }
        let members = Dictionary(grouping: model.nodes.indices, by: { groups[$0] })
        var boxes: [String: Int] = [:]
        var places: [Int: Int] = [:]
        // A group is where its last layer is, behind all that it reads.
        for (index, node) in model.nodes.enumerated() where members[groups[index]]?.last == index {
            let own = members[groups[index]] ?? [index]
            let weights = own.reduce(0) { $0 + model.nodes[$1].weightCount }
            let lines =
                own.count == 1
                ? DrawnGraph.lines(node, prefix: isOnly ? "" : model.name + ".")
                : [groups[index], "\(own.count) layers", DrawnGraph.text(node.shape)] + DrawnGraph.count(weights)
            let role = own.count == 1 ? DrawnGraph.role(of: node) : .group
            boxes[groups[index]] = add(lines, role, needsGradient: weights > 0)
        }
        for index in model.nodes.indices { places[index] = boxes[groups[index]] }
        for (index, node) in model.nodes.enumerated() {
            for input in node.inputs {
                if let from = places[input], let to = places[index] { connect(from, to) }
            }
        }
        return places
    }

    /// Adds the losses on a model's nodes, and what they compare these with.
    ///
    /// - Parameter boxes: of a node; of one that is drawn step by step all of them.
    mutating func addLosses(of model: ModelOutline, _ outline: NetworkOutline, _ boxes: (Int) -> [Int]) {
        var targets: [String: Int] = [:]
        for loss in outline.losses where loss.model == model.name {
            // Before the loss, so that it stands just above.
            let target = loss.field.map { field in targets[field] ?? add([field, "target"], .target) }
            if let field = loss.field { targets[field] = target }
            let factor = loss.weight == loss.weight.rounded() ? "\(Int(loss.weight))" : "\(loss.weight)"
            let weight = loss.weight == 1 ? [] : ["× " + factor]
            let box = add([loss.name] + weight, .loss, needsGradient: true)
            for node in loss.nodes { for from in boxes(node) { connect(from, box) } }
            if let target { connect(target, box) }
        }
    }

    // MARK: - What boxes say

    private static func group(of node: ModelOutline.Node, depth: Int) -> String {
        node.name.split(separator: ".").prefix(depth).joined(separator: ".")
    }

    /// Kind and name, shape, number of parameters.
    private static func lines(_ node: ModelOutline.Node, prefix: String) -> [String] {
        let last = node.name.split(separator: ".").last.map(String.init) ?? node.name
        let isNumbered = Int(last) != nil
        if node.kind == "input" { return [prefix + node.name, text(node.shape)] }
        let name = isNumbered && prefix.isEmpty && last == node.name ? [] : [prefix + node.name]
        return (node.kind == last ? [] : [node.kind]) + name + [text(node.shape)] + count(node.weightCount)
    }

    static func text(_ shape: Shape) -> String { shape.rank == 0 ? "one number" : "\(shape)" }

    static func count(_ weights: Int) -> [String] {
        weights == 0 ? [] : ["\(weights.grouped) parameter\(weights == 1 ? "" : "s")"]
    }

    static func role(of node: ModelOutline.Node) -> Role {
        if node.kind == "input" { return .input }
        if node.recurrence != nil { return .recurrent }
        if Activation.names.contains(node.kind) { return .activation }
        if node.kind.lowercased().hasSuffix("norm") { return .normalization }
        if node.kind.lowercased().hasSuffix("pool") { return .pooling }
        return node.weightCount > 0 ? .weighted : .other
    }
}
