import Kernels
import TensorCore

/// The first `count` rows: x [N, …] → [count, …]. The others get no gradient.
package func firstRows(_ x: Variable, _ count: Int) -> Variable {
    precondition(x.shape.rank >= 1 && count <= x.shape[0], "firstRows: \(count) of \(x.shape)")
    if count == x.shape[0] { return x }
    let size = x.shape.sample.count
    let (kept, all) = (count * size, x.shape.count)
    let y = x.makeTensor(x.shape.sample.batched(count))
    y.pointer.update(from: x.value.pointer, count: kept)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if accumulate {
                Kernels.accumulate(gradient.pointer, into: dx, count: kept)
            } else {
                dx.update(from: gradient.pointer, count: kept)
                (dx + kept).update(repeating: 0, count: all - kept)
            }
        }
    }
}

/// x with the rows alone that are at most `hops` steps away; x itself where it has no others or no rows of a graph.
package func nearRows(_ x: Variable, hops: Int) -> Variable {
    guard let rows = x.rows, rows.hops > hops else { return x }
    var result = firstRows(x, rows.neighbourhood.count(within: hops))
    result.rows = NodeRows(rows.neighbourhood, hops: hops)
    return result
}

/// x with the rows of the samples alone.
package func sampleRows(_ x: Variable) -> Variable {
    guard x.rows != nil else { return x }
    var result = nearRows(x, hops: 0)
    result.rows = nil
    return result
}
