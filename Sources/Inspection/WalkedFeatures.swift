import NeuralNetwork
import TensorCore

/// What a layer makes of the samples of a walk, in their order.
struct WalkedFeatures {
    let node: GraphNode
    /// Numbers of a sample.
    let size: Int
    /// What tells classes apart; nil where the data have none.
    let label: FieldDescription?
    /// By sample; 0 where there is no label.
    private(set) var classes: [Int] = []
    /// Row by row.
    private(set) var values: [Float] = []

    var count: Int { classes.count }
    var names: [String] { label?.meaning.choiceNames ?? [] }

    /// Computes them on all ranks, each of which then has all. Collective.
    ///
    /// - Parameter name: of the layer; nil for what the scores are computed from.
    init(_ subject: Subject, node name: String?) throws {
        let field = try subject.ranks.together { try subject.inputField() }
        let node = try subject.ranks.together { try subject.featureNode(name) }
        let label = subject.usage.field(subject.usage.defaultTarget).flatMap {
            $0.shape.count == 1 && $0.elementType == .int32 ? $0 : nil
        }
        let size = node.shape.count
        let graph = try TappedGraph(subject.model, to: [node.name])
        let grains = try subject.evaluator(fields: [field.name] + (label.map { [$0.name] } ?? [])).map { context in
            let values = graph.values(context, from: field.name)[0]
            let classes = label.map { context.batch.integers($0.name).values }
            return (0..<context.count).flatMap { row in
                [Double(classes?[row] ?? 0)] + (0..<size).map { Double(values.pointer[row * size + $0]) }
            }
        }
        (self.node, self.size, self.label) = (node, size, label)
        for numbers in grains {
            for start in stride(from: 0, to: numbers.count, by: size + 1) {
                classes.append(Int(numbers[start]))
                values += numbers[start + 1...start + size].lazy.map { Float($0) }
            }
        }
    }
}

extension Subject {
    /// A layer; what the scores are computed from where none is named, else the output.
    func featureNode(_ name: String?) throws -> GraphNode {
        if let name { return try node(name) }
        guard let scores = try? classifier().scores, let index = model.node(scores)?.inputs.first
        else { return try node(model.outputName) }
        return model.nodes[index]
    }
}
