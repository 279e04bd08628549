import Kernels
import TensorCore

/// How a node sums up its neighbours' values.
package enum Aggregation: String, Sendable, CaseIterable {
    /// D^(−½) (A + I) D^(−½) x with the degrees D of A + I, of the whole graph: Kipf and Welling 2017, equation 2.
    case normalized
    /// The mean of the neighbours without the node itself; 0 of a node that has none.
    case mean

    /// What a node's own sum is multiplied by, given how many neighbours it has.
    fileprivate func received(_ degree: Int) -> Float {
        switch self {
        case .normalized: 1 / Float(degree + 1).squareRoot()
        case .mean: degree > 0 ? 1 / Float(degree) : 0
        }
    }

    /// What a node's value is multiplied by before others add it.
    fileprivate func sent(_ degree: Int) -> Float { self == .normalized ? received(degree) : 1 }
}

/// yᵢ = Σⱼ cᵢⱼ xⱼ + b over the neighbours j of node i, and itself where the aggregation says so.
///
/// x [R, C] with the rows of a graph's nodes from which a step can be taken, b [C] → y [R', C] for the R' ≤ R rows that
/// are a step nearer. dxⱼ = Σᵢ cᵢⱼ dyᵢ, db = Σ dy over rows.
package func aggregate(_ x: Variable, _ aggregation: Aggregation, bias: Variable? = nil) -> Variable {
    let (rows, columns) = graphRows(x, "aggregate")
    precondition(bias.map { $0.shape.count == columns } ?? true, "aggregate: bias \(bias!.shape) for \(x.shape)")
    let (edges, neighbourhood) = (rows.edges, rows.neighbourhood)
    let includesSelf = aggregation == .normalized
    let received = neighbourhood.numbers(x.tape.pool, aggregation.received)
    let sent = neighbourhood.numbers(x.tape.pool, aggregation.sent)
    let y = x.makeTensor([edges.count, columns])
    sumNeighbours(
        x.value.pointer, columns: columns, edges, received: received.pointer, sent: sent.pointer,
        includesSelf: includesSelf, into: y.pointer)
    if let bias { addBias(bias.value.pointer, to: y.pointer, rows: edges.count, columns: columns) }
    var result = x.tape.record(y, x, bias) { [x = x.target, bias = bias?.target, neighbourhood] tape, dy in
        let gradient = dy
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(gradient.pointer, rows: edges.count, columns: columns, into: db, accumulate: accumulate)
            }
        }
        // The neighbourhood keeps the memory of the edges.
        withExtendedLifetime(neighbourhood) {
            tape.accumulate(into: x) { dx, accumulate in
                if !accumulate { dx.update(repeating: 0, count: x.shape.count) }
                sumNeighboursGradient(
                    gradient.pointer, columns: columns, edges, received: received.pointer, sent: sent.pointer,
                    includesSelf: includesSelf, into: dx)
            }
        }
    }
    result.rows = rows.next
    return result
}

/// yᵢ = maxⱼ xⱼ for each column over the neighbours j of node i, 0 of a node that has none: Hamilton, Ying and Leskovec
/// 2017, equation 3, of values as they are.
///
/// x [R, C] → y [R', C] as ``aggregate(_:_:bias:)``. A number's gradient goes to the neighbour that it is from, the
/// first of equal ones.
package func maximumOfNeighbours(_ x: Variable) -> Variable {
    let (rows, columns) = graphRows(x, "maximumOfNeighbours")
    let edges = rows.edges
    let y = x.makeTensor([edges.count, columns])
    let chosen = IntegerStorage(count: edges.count * columns, x.tape.pool)
    Kernels.maximumOfNeighbours(x.value.pointer, columns: columns, edges, into: y.pointer, chosen: chosen.pointer)
    var result = x.tape.record(y, x) { [x = x.target, count = edges.count] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: x.shape.count) }
            for row in 0..<count {
                for c in 0..<columns {
                    let source = Int(chosen.pointer[row * columns + c])
                    if source >= 0 { dx[source * columns + c] += gradient.pointer[row * columns + c] }
                }
            }
        }
    }
    result.rows = rows.next
    return result
}

/// The rows of a value [R, C] of a graph's nodes, and C.
func graphRows(_ x: Variable, _ operation: String) -> (rows: NodeRows, columns: Int) {
    guard let rows = x.rows, rows.hops > 0, x.shape.rank == 2, x.shape[0] == rows.count else {
        preconditionFailure("\(operation): \(x.shape) has no rows of nodes with neighbours")
    }
    return (rows, x.shape[1])
}
