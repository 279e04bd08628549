import TensorCore

/// What a layer makes of the lengths of sequences [T, …] that it reads, in graphs where they vary.
package enum LengthHandling: Sendable {
    /// A layer whose window is the position alone hands them on; any other is refused, since it would read padding.
    case usual
    /// It masks what it reads, and its sequences are as long as those that it reads.
    case kept
    /// It masks what it reads and sets its result's lengths itself.
    case changed
    /// It masks what it reads, and its result has no steps.
    case consumed
}

extension GraphBuilder {
    /// Whether the node's sequences have several lengths.
    package func varies(_ node: Node) -> Bool { nodes[node].lengthSource != nil }

    /// The node that says how long the sequences of a new node are; notes what does not fit.
    mutating func lengthSource(
        _ inputs: [Node], _ output: Shape, _ window: ReceptiveWindow, _ handling: LengthHandling, _ path: String
    ) -> Node? {
        let sources = Set(inputs.compactMap { nodes[$0].lengthSource })
        guard let source = sources.min() else { return nil }
        if sources.count > 1, handling != .consumed {
            lengthProblem = lengthProblem ?? .otherLengths(layer: path, inputs: inputs.map { nodes[$0].name })
        }
        switch handling {
        case .consumed: return nil
        case .changed: return nodes.count
        case .kept: return source
        case .usual:
            let steps = inputs.first { nodes[$0].lengthSource != nil }.map { nodes[$0].shape[0] }
            if window != .position || output.rank == 0 || output[0] != steps {
                lengthProblem = lengthProblem ?? .varyingLength(layer: path, input: nodes[source].name)
            }
            return source
        }
    }

    /// Refuses layers that would read padding.
    func requireHandledLengths() throws {
        if let lengthProblem { throw lengthProblem }
    }
}
