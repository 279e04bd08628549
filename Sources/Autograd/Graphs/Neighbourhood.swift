import Kernels
import TensorCore

/// The part of a graph that some nodes' values depend on: the nodes that are at most so many steps along edges away.
///
/// Rows stand for nodes: the given ones first, in their order, then their neighbours, then those of these. So what
/// needs a step less is at the front. A neighbourhood is a function of graph and nodes alone, so that a grain whose
/// samples are nodes stays one. Its memory is the pool's and stays on one thread.
package final class Neighbourhood {
    /// How many steps away the farthest rows are, at most.
    package let hops: Int
    /// Rows within 0…hops steps.
    private let counts: [Int]
    /// The node of each row.
    private let nodes: IntegerStorage
    /// Of rows within hops − 1 steps: where their neighbours begin in ``sources``.
    private let starts: IntegerStorage
    /// The rows of neighbours, in the order of their nodes.
    private let sources: IntegerStorage
    /// How many neighbours each row's node has in the whole graph.
    private let degrees: IntegerStorage

    /// - Parameter samples: nodes of the graph; one that comes twice has two rows.
    package init(of samples: [Int], hops: Int, in graph: NodeGraph, pool: StoragePool) {
        precondition(hops >= 0, "Neighbourhood: \(hops) steps")
        let nodes = IntegerStorage(count: samples.count + graph.nodeCount, pool)
        let rowOfNode = IntegerStorage(count: graph.nodeCount, pool)
        rowOfNode.pointer.update(repeating: -1, count: graph.nodeCount)
        for (row, node) in samples.enumerated() {
            precondition(node >= 0 && node < graph.nodeCount, "Neighbourhood: no node \(node) of \(graph.nodeCount)")
            nodes.pointer[row] = Int32(node)
            if rowOfNode.pointer[node] < 0 { rowOfNode.pointer[node] = Int32(row) }
        }
        var counts = [samples.count]
        var (first, end, edges) = (0, samples.count, 0)
        for _ in 0..<hops {
            let last = end
            for row in first..<last {
                graph.forEachNeighbour(of: Int(nodes.pointer[row])) { neighbour in
                    edges += 1
                    guard rowOfNode.pointer[neighbour] < 0 else { return }
                    rowOfNode.pointer[neighbour] = Int32(end)
                    nodes.pointer[end] = Int32(neighbour)
                    end += 1
                }
            }
            first = last
            counts.append(end)
        }
        let starts = IntegerStorage(count: first + 1, pool)
        let sources = IntegerStorage(count: edges, pool)
        let degrees = IntegerStorage(count: end, pool)
        var next = 0
        for row in 0..<first {
            starts.pointer[row] = Int32(next)
            graph.forEachNeighbour(of: Int(nodes.pointer[row])) { neighbour in
                sources.pointer[next] = rowOfNode.pointer[neighbour]
                next += 1
            }
        }
        starts.pointer[first] = Int32(next)
        for row in 0..<end { degrees.pointer[row] = Int32(graph.degree(of: Int(nodes.pointer[row]))) }
        self.hops = hops
        self.counts = counts
        self.nodes = nodes
        self.starts = starts
        self.sources = sources
        self.degrees = degrees
    }

    /// How many rows are at most `hops` steps away.
    package func count(within hops: Int) -> Int { counts[hops] }

    /// All rows.
    package var count: Int { counts[hops] }

    /// The node that a row stands for.
    package func node(ofRow row: Int) -> Int {
        precondition(row >= 0 && row < count, "Neighbourhood: no row \(row) of \(count)")
        return Int(nodes.pointer[row])
    }

    /// A field of all rows' nodes, [rows, shape…].
    package func gather(_ field: String, _ shape: Shape, from source: any NodeSource, pool: StoragePool) -> Tensor {
        let result = Tensor(shape.batched(count), pool: pool)
        for row in 0..<count {
            source.read(
                node(ofRow: row), field: field,
                into: UnsafeMutableBufferPointer(start: result.pointer + row * shape.count, count: shape.count))
        }
        return result
    }

    /// The edges to rows at most `hops` steps away.
    func edges(within hops: Int) -> NeighbourRows {
        precondition(hops < self.hops, "Neighbourhood: neighbours of rows \(hops) steps away, of \(self.hops)")
        return NeighbourRows(count: counts[hops], starts: starts.pointer, sources: sources.pointer)
    }

    /// A number for each row from its number of neighbours in the whole graph.
    func numbers(_ pool: StoragePool, _ number: (_ degree: Int) -> Float) -> Tensor {
        let result = Tensor([count], pool: pool)
        for row in 0..<count { result.pointer[row] = number(Int(degrees.pointer[row])) }
        return result
    }
}

/// Which nodes the rows of a value stand for: those of a neighbourhood from which so many more steps can be taken.
package struct NodeRows {
    package let neighbourhood: Neighbourhood
    /// A layer that reads neighbours takes one step.
    package let hops: Int

    package init(_ neighbourhood: Neighbourhood, hops: Int) {
        self.neighbourhood = neighbourhood
        self.hops = hops
    }

    package var count: Int { neighbourhood.count(within: hops) }
    /// How many of them are samples; they come first.
    package var sampleCount: Int { neighbourhood.count(within: 0) }

    /// The rows that are left when neighbours have been read.
    ///
    /// - Precondition: a step can be taken.
    var next: NodeRows {
        precondition(hops > 0, "NodeRows: no step is left to neighbours")
        return NodeRows(neighbourhood, hops: hops - 1)
    }

    /// The edges to the rows of ``next``.
    var edges: NeighbourRows { neighbourhood.edges(within: hops - 1) }
}

/// 32-bit integers in memory of a pool.
final class IntegerStorage {
    let pointer: UnsafeMutablePointer<Int32>
    private let storage: Storage

    init(count: Int, _ pool: StoragePool) {
        storage = pool.storage(count: count)
        pointer = UnsafeMutableRawPointer(storage.pointer).bindMemory(to: Int32.self, capacity: max(count, 1))
    }
}
