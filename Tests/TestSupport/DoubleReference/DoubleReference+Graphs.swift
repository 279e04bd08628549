import Foundation

/// A graph as a set of pairs, and what layers on graphs compute by definition, pair by pair: slow, and written without
/// a look at the program's own way.
package struct ReferenceGraph: Sendable {
    package let nodeCount: Int
    /// Pairs (from, to) without loops, each once.
    package let edges: Set<[Int]>

    package init(nodeCount: Int, edges: [[Int]]) {
        self.nodeCount = nodeCount
        self.edges = Set(edges.filter { $0[0] != $0[1] })
    }

    /// The nodes that `node` hears from, ascending.
    package func neighbours(_ node: Int) -> [Int] { (0..<nodeCount).filter { edges.contains([$0, node]) } }

    /// The nodes within 0…hops steps of `samples`: what is new at each step stands behind what is known, in the order
    /// of those that hear from it.
    package func rows(of samples: [Int], hops: Int) -> [[Int]] {
        var result = [samples]
        for _ in 0..<hops {
            var all = result[result.count - 1]
            for node in result[result.count - 1] { all += neighbours(node).filter { !all.contains($0) } }
            result.append(all)
        }
        return result
    }
}

extension DoubleReference {
    /// yᵢ = Σⱼ xⱼ / √(dᵢ dⱼ) over node i and its neighbours, with d one more than their numbers of neighbours.
    ///
    /// - Parameters:
    ///   - x: a row for each of `rows`, which are nodes.
    ///   - count: of how many of the first rows the result is.
    package static func graphConvolution(
        _ x: DoubleTensor, _ graph: ReferenceGraph, rows: [Int], count: Int, bias: DoubleTensor? = nil
    ) -> DoubleTensor {
        func degree(_ node: Int) -> Double { Double(graph.neighbours(node).count + 1) }
        return rowwise(x, rows, count) { node, column, value in
            (graph.neighbours(node) + [node]).reduce(0) {
                $0 + value($1, column) / (degree(node) * degree($1)).squareRoot()
            } + (bias?.values[column] ?? 0)
        }
    }

    /// The mean of the neighbours; 0 without any.
    package static func neighbourMean(
        _ x: DoubleTensor, _ graph: ReferenceGraph, rows: [Int], count: Int
    ) -> DoubleTensor {
        rowwise(x, rows, count) { node, column, value in
            let neighbours = graph.neighbours(node)
            return neighbours.reduce(0) { $0 + value($1, column) } / Double(max(neighbours.count, 1))
        }
    }

    /// The largest of the neighbours, number by number; 0 without any.
    package static func neighbourMaximum(
        _ x: DoubleTensor, _ graph: ReferenceGraph, rows: [Int], count: Int
    ) -> DoubleTensor {
        rowwise(x, rows, count) { node, column, value in
            graph.neighbours(node).map { value($0, column) }.max() ?? 0
        }
    }

    /// Graph attention of x [rows, heads · features] with vectors [heads, features]; Veličković et al. 2018.
    package static func graphAttention(
        _ x: DoubleTensor, receiving: DoubleTensor, sending: DoubleTensor, bias: DoubleTensor, _ graph: ReferenceGraph,
        rows: [Int], count: Int, slope: Double, averages: Bool
    ) -> DoubleTensor {
        let (heads, size) = (receiving.shape[0], receiving.shape[1])
        func product(_ node: Int, _ head: Int, _ vector: DoubleTensor, _ value: (Int, Int) -> Double) -> Double {
            (0..<size).reduce(0) { $0 + value(node, head * size + $1) * vector.values[head * size + $1] }
        }
        let all = rowwise(x, rows, count) { node, column, value in
            let head = column / size
            let own = product(node, head, receiving, value)
            let weights = (graph.neighbours(node) + [node]).map { other -> (Int, Double) in
                let score = own + product(other, head, sending, value)
                return (other, exp(score > 0 ? score : slope * score))
            }
            let total = weights.reduce(0) { $0 + $1.1 }
            return weights.reduce(0) { $0 + $1.1 / total * value($1.0, column) }
        }
        let width = averages ? size : heads * size
        let values = (0..<count * width).map { place -> Double in
            let (row, column) = (place / width, place % width)
            let own =
                averages
                ? (0..<heads).reduce(0) { $0 + all[row, $1 * size + column] } / Double(heads) : all[row, column]
            return own + bias.values[column]
        }
        return DoubleTensor(values, [count, width])
    }

    /// A number for each of the first rows' nodes and each column of x.
    private static func rowwise(
        _ x: DoubleTensor, _ rows: [Int], _ count: Int,
        _ number: (_ node: Int, _ column: Int, _ value: (Int, Int) -> Double) -> Double
    ) -> DoubleTensor {
        let columns = x.shape[1]
        var places: [Int: Int] = [:]
        for (row, node) in rows.enumerated().reversed() { places[node] = row }
        let values = (0..<count).flatMap { row in
            (0..<columns).map { column -> Double in
                // A node that has two rows is itself in each.
                number(rows[row], column) { x[$0 == rows[row] ? row : places[$0] ?? -1, $1] }
            }
        }
        return DoubleTensor(values, [count, columns])
    }
}
