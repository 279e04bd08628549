import Autograd
import TensorCore

/// A model's graph for whoever draws it: what each node is, reads and has.
package struct ModelOutline: Sendable {
    package struct Node: Sendable {
        package let name: String
        /// The key of its layer; `input` of an input.
        package let kind: String
        /// The nodes that it reads, all before it.
        package let inputs: [Int]
        /// Of one sample.
        package let shape: Shape
        /// Its own weights, statistics and constants, in order of use.
        package let parameters: [Parameter]
        /// How many steps its value has, of which each stands for one of a sequence; nil where it has none.
        package let steps: Int?
        /// What repeats itself from step to step; nil of any other layer.
        package let recurrence: Recurrence?
        /// Whether evaluation leaves it out, as it does an auxiliary head.
        package let isForTrainingOnly: Bool

        /// How many numbers of it are learned.
        package var weightCount: Int {
            parameters.reduce(0) { $0 + ($1.isTrainable ? $1.shape.count : 0) }
        }
    }

    /// How a recurrent layer goes through its steps.
    package struct Recurrence: Sendable {
        /// On top of each other.
        package let layers: Int
        package let isBidirectional: Bool
        /// Whether it gives the states of all steps, rather than the last.
        package let returnsSequence: Bool
        /// Values of a state.
        package let units: Int
    }

    package let name: String
    /// The inputs first.
    package let nodes: [Node]
    /// The node that the list of layers ends with.
    package let output: Int
}

extension Model {
    /// What the graph consists of.
    package var outline: ModelOutline {
        var steps: [Int?] = []
        for node in nodes { steps.append(stepCount(of: node, steps)) }
        let owners = parameterOwners
        return ModelOutline(
            name: name,
            nodes: nodes.indices.map { index in
                let node = nodes[index]
                return ModelOutline.Node(
                    name: node.name, kind: node.kind, inputs: node.inputs, shape: node.shape,
                    parameters: owners[index] ?? [], steps: steps[index],
                    recurrence: (node.layer as? Recurrent).map {
                        .init(
                            layers: $0.passes.count, isBidirectional: $0.passes[0].count == 2,
                            returnsSequence: $0.returns == .sequence, units: $0.units)
                    }, isForTrainingOnly: !isInferredNode[index])
            }, output: references[outputName] ?? nodes.count - 1)
    }

    /// The steps of a node's value, where each is computed from the same step of what the node reads, or by a
    /// recurrence.
    private func stepCount(of node: GraphNode, _ before: [Int?]) -> Int? {
        guard node.layer != nil else {
            let isSequence = node.shape.rank == 2 || node.shape.rank == 1 && node.vocabulary != nil
            return isSequence ? node.shape[0] : nil
        }
        guard node.shape.rank == 2, let count = before[node.inputs[0]], node.shape[0] == count else { return nil }
        if let recurrent = node.layer as? Recurrent { return recurrent.returns == .sequence ? count : nil }
        return node.window == .position && node.inputs.allSatisfy({ before[$0] == count }) ? count : nil
    }

    /// By node: its parameters, those whose names begin with its own.
    private var parameterOwners: [Int: [Parameter]] {
        var result: [Int: [Parameter]] = [:]
        let places = Dictionary(nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
        for parameter in parameters where parameter.role != .carried {
            var path = Substring(parameter.name)
            while let dot = path.lastIndex(of: ".") {
                path = path[..<dot]
                let own = path.hasPrefix(name + ".") ? path.dropFirst(name.count + 1) : path
                if let place = places[String(path)] ?? places[String(own)] {
                    result[place, default: []].append(parameter)
                    break
                }
            }
        }
        return result
    }
}

/// A loss for whoever draws it.
package struct LossOutline: Sendable {
    package let name: String
    /// The model whose nodes it reads.
    package let model: String
    /// What it compares, and its other outputs.
    package let nodes: [Int]
    /// The field that it compares with; nil where there is none.
    package let field: String?
    /// What it is multiplied by.
    package let weight: Float
}

extension SupervisedObjective {
    /// Its losses, in the order of the configuration; those of auxiliary heads last.
    package var lossOutlines: [LossOutline] {
        terms.map { term in
            let bound = term.bound
            return LossOutline(
                name: bound.loss.name, model: model.name, nodes: bound.nodes,
                field: bound.comparesLayer ? nil : bound.target?.name, weight: bound.term.weight)
        }
    }
}
