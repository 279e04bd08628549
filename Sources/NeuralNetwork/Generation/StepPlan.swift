import Autograd
import TensorCore

/// A model's graph for sequences that are computed one step at a time: what does not depend on the stepped input, which
/// is computed once, and what is computed at every step.
///
/// A layer behind the stepped input must work on each step by itself, or be causal and remember the steps before.
package struct StepPlan: Sendable {
    /// The model's other inputs, by their numbers among its inputs, in order.
    package let conditions: [Int]
    private let once: GraphPlan
    private let each: GraphPlan

    /// - Parameters:
    ///   - stepped: the number of the model's input that is a sequence [T, …], given step by step.
    ///   - wanted: the node that is computed at every step.
    /// - Throws: `ModelError.refused` with the layer that can't be computed step by step.
    init(_ model: Model, stepped: Int, wanted: Int) throws(ModelError) {
        let nodes = model.nodes
        let isNeeded = GraphNode.needed(nodes, for: [wanted])
        var isStepped = nodes.indices.map { $0 == stepped }
        var border: Set<Int> = []
        for (index, node) in nodes.enumerated() where isNeeded[index] {
            guard node.inputs.contains(where: { isStepped[$0] }) else { continue }
            isStepped[index] = true
            let still = node.inputs.filter { !isStepped[$0] }
            try StepPlan.check(node, steps: nodes[stepped].shape[0], still: still.map { nodes[$0] })
            border.formUnion(still)
        }
        guard isStepped[wanted] else {
            throw .refused(
                layer: nodes[wanted].name,
                because: "it does not depend on '\(nodes[stepped].name)', so that it cannot go on with that sequence; "
                    + "generate with a model that reads it")
        }
        conditions = model.inputs.indices.filter { $0 != stepped }
        once = GraphPlan(nodes, wanted: border.sorted(), given: conditions)
        each = GraphPlan(nodes, wanted: [wanted], given: [stepped] + border.sorted())
    }

    private static func check(_ node: GraphNode, steps: Int, still: [GraphNode]) throws(ModelError) {
        func refusal(_ reason: String) -> ModelError {
            .refused(
                layer: node.name,
                because: "\(reason), so that the model cannot compute a sequence one step after another; generate with "
                    + "a model of layers that read the steps so far alone")
        }
        guard node.shape.rank > 1, node.shape[0] == steps else {
            throw refusal("its result \(node.shape) has not one value for each of \(steps) steps")
        }
        guard node.window == .position else {
            if node.layer?.isCausal ?? false { return }
            throw refusal("it reads steps that come later")
        }
        if let other = still.first(where: { $0.shape.rank > 1 }) {
            throw refusal("it reads the steps of '\(other.name)' beside those of the sequence")
        }
    }

    /// What is computed once, from the values of ``conditions``.
    package func begin(_ conditions: [Variable]) -> [Variable] { once(conditions, mode: .evaluation) }

    /// The wanted value of one step, [rows, 1, …], from the stepped input's, [rows, 1, …].
    ///
    /// - Parameter constants: what ``begin(_:)`` gave.
    package func step(_ x: Variable, _ constants: [Variable]) -> Variable {
        each([x] + constants, mode: .evaluation)[0]
    }
}
