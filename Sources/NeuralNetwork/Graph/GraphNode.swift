import TensorCore

/// A node of a model's graph.
package struct GraphNode: Sendable {
    /// Its path: `block.conv1`, or the name of an input.
    package let name: String
    /// The key of its layer, such as `linear`; `input` of an input.
    package let kind: String
    /// What it computes; nil for an input of the model.
    let layer: (any Layer)?
    /// The nodes that it reads.
    package let inputs: [Int]
    /// The shape of one sample.
    package let shape: Shape
    /// How many different tokens or classes it can hold; nil where its numbers are no such.
    let vocabulary: Int?
    /// What of the model's input its values depend on.
    package let field: ReceptiveField
    /// The node that says how long its sequences are, itself where it changes lengths; nil where all are equally long.
    let lengthSource: Int?
    /// How many steps along edges its values look, where samples are nodes of a graph: the most on any path from an
    /// input; nil for other samples.
    let hops: Int?
    /// Which positions of the inputs a position of its value depends on.
    let window: ReceptiveWindow
}

extension GraphNode {
    /// The nodes that no other reads.
    static func ends(_ graph: [GraphNode]) -> [Int] {
        let read = Set(graph.flatMap(\.inputs))
        return graph.indices.filter { !read.contains($0) }
    }

    /// Whether each node is one of the wanted ones or something that they depend on.
    ///
    /// - Parameter given: nodes whose own inputs are not needed, since their values are given.
    static func needed(_ graph: [GraphNode], for wanted: [Int], given: Set<Int> = []) -> [Bool] {
        var isNeeded = Array(repeating: false, count: graph.count)
        for node in wanted { isNeeded[node] = true }
        for index in graph.indices.reversed() where isNeeded[index] && !given.contains(index) {
            for input in graph[index].inputs { isNeeded[input] = true }
        }
        return isNeeded
    }
}
