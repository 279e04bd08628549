/// Which nodes of a graph each node hears from, as compressed rows; immutable, so that all workers share one.
///
/// A node is no neighbour of itself, and a neighbour counts once: what a layer makes of a node itself is the layer's to
/// say.
package final class NodeGraph: Sendable {
    package let nodeCount: Int
    /// Where the neighbours of each node begin in ``neighbours``, and where the last ones end.
    private let starts: [Int]
    /// By node, ascending.
    private let neighbours: [Int32]

    /// - Parameters:
    ///   - nodeCount: nodes are 0..<nodeCount.
    ///   - edges: pairs (from, to): `to` hears from `from`. Loops are left out, repeated ones count once.
    package init(nodeCount: Int, edges: [(from: Int, to: Int)]) {
        precondition(nodeCount >= 0 && nodeCount < Int(Int32.max), "NodeGraph: \(nodeCount) nodes")
        var counts = [Int](repeating: 0, count: nodeCount + 1)
        for edge in edges {
            precondition(
                (0..<nodeCount).contains(edge.from) && (0..<nodeCount).contains(edge.to),
                "NodeGraph: an edge \(edge) among \(nodeCount) nodes")
            if edge.from != edge.to { counts[edge.to + 1] += 1 }
        }
        for node in 0..<nodeCount { counts[node + 1] += counts[node] }
        var filled = counts
        var sources = [Int32](repeating: 0, count: counts[nodeCount])
        for edge in edges where edge.from != edge.to {
            sources[filled[edge.to]] = Int32(edge.from)
            filled[edge.to] += 1
        }
        var starts = [0]
        starts.reserveCapacity(nodeCount + 1)
        var neighbours: [Int32] = []
        neighbours.reserveCapacity(sources.count)
        for node in 0..<nodeCount {
            var latest: Int32 = -1
            for source in sources[counts[node]..<counts[node + 1]].sorted() where source != latest {
                neighbours.append(source)
                latest = source
            }
            starts.append(neighbours.count)
        }
        self.nodeCount = nodeCount
        self.starts = starts
        self.neighbours = neighbours
    }

    /// Pairs (node, neighbour).
    package var edgeCount: Int { neighbours.count }

    /// How many nodes `node` hears from.
    package func degree(of node: Int) -> Int { starts[node + 1] - starts[node] }

    /// Calls `body` with the nodes that `node` hears from, ascending.
    @inline(__always)
    package func forEachNeighbour(of node: Int, _ body: (Int) -> Void) {
        for place in starts[node]..<starts[node + 1] { body(Int(neighbours[place])) }
    }
}

/// The graph whose nodes the samples are, and the fields of all its nodes: a model reads those of neighbours too, which
/// may belong to another part of the data or to none.
package protocol NodeSource: Sendable {
    var graph: NodeGraph { get }
    /// An identity of the graph and its fields, see `Dataset.fingerprint`.
    var fingerprint: UInt64 { get }
    /// Writes a field of a node, row-major, integers as floats; there are as many values as the field's shape has.
    func read(_ node: Int, field: String, into buffer: UnsafeMutableBufferPointer<Float>)
}
