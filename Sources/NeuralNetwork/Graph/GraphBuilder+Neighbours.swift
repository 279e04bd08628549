import TensorCore

/// Layers whose rows stand for nodes of a graph.
extension GraphBuilder {
    /// The vector of a node of a graph that a layer reads beside those of its neighbours.
    ///
    /// - Throws: `ModelError.refused` where samples are no nodes, `wrongRank`, `inputCount`.
    func nodeFeatures(_ inputs: [Node], _ path: String) throws -> Int {
        let input = try single(inputs, path)
        guard nodes[inputs[0]].hops != nil else {
            throw ModelError.refused(
                layer: path,
                because: "it reads neighbours in a graph, and the samples of these data are no nodes of one; use data "
                    + "of a graph (data.name: graph), or another layer")
        }
        guard input.rank == 1 else {
            throw ModelError.wrongRank(layer: path, input: input, expected: "a vector [features]")
        }
        return input[0]
    }

    /// How many steps along edges a new node's values look.
    func hops(_ inputs: [Node], _ readsNeighbours: Bool) -> Int? {
        inputs.compactMap { nodes[$0].hops }.max().map { $0 + (readsNeighbours ? 1 : 0) }
    }

    /// Notes a layer that takes statistics over rows; where these are neighbours too, they would count as often as
    /// grains have them.
    mutating func noteRowStatistics(_ input: Node, _ path: String) {
        guard nodes[input].hops != nil else { return }
        rowProblem =
            rowProblem
            ?? .refused(
                layer: path,
                because: "its statistics would be those of the neighbours that each grain happens to read as well; use "
                    + "layerNorm, which looks at a node by itself")
    }

    /// Refuses layers that would mix rows of neighbours.
    func requireRowsApart() throws {
        if let rowProblem, nodes.contains(where: { $0.hops ?? 0 > 0 }) { throw rowProblem }
    }
}
