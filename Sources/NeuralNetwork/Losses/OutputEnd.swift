/// How an output of a model ends, as far as losses and metrics have to know it.
package struct OutputEnd: Sendable {
    /// A last layer that turns scores into shares of one.
    package enum Link: String, Sendable {
        case softmax, logSoftmax, sigmoid

        /// What the scores say that it reads.
        var read: ClassScores { self == .sigmoid ? .separateLogits : .logits }
    }

    /// The key of the output's last layer.
    package let layer: String
    /// Nil of any other layer.
    package let link: Link?
    /// The node of the graph that the output is.
    let node: Int
    /// The node that the link reads; ``node`` where there is none.
    let scores: Int
}

/// What a loss makes of an output that ends as it does.
package enum LossReading: Equatable, Sendable {
    /// It compares the output.
    case output
    /// It compares what the output's last layer reads, of which its formula takes that layer's function itself: one
    /// operation, which neither overflows nor loses digits as the two do.
    case scores
    /// The two contradict each other; the reason ends with what to do.
    case refused(String)
}

extension Model {
    /// The end of the output that a name stands for; nil where there is none.
    package func end(of name: String) -> OutputEnd? {
        guard let index = references[name] else { return nil }
        let node = nodes[index]
        let link = node.layer == nil ? nil : OutputEnd.Link(rawValue: node.kind)
        return OutputEnd(
            layer: node.kind, link: link, node: index, scores: link == nil ? index : node.inputs.first ?? index)
    }

    /// What computes these nodes of the graph.
    func plan(nodes wanted: [Int]) -> GraphPlan { GraphPlan(nodes, wanted: wanted) }
}
