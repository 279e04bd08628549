/// Edges to the first rows of a matrix, as compressed rows: those that row i hears from are
/// `sources[starts[i]..<starts[i + 1]]`.
///
/// The memory is the caller's.
package struct NeighbourRows {
    /// How many rows have neighbours listed.
    package let count: Int
    package let starts: UnsafePointer<Int32>
    package let sources: UnsafePointer<Int32>

    package init(count: Int, starts: UnsafePointer<Int32>, sources: UnsafePointer<Int32>) {
        self.count = count
        self.starts = starts
        self.sources = sources
    }

    /// All edges.
    package var edgeCount: Int { Int(starts[count]) }

    @inline(__always)
    func range(_ row: Int) -> Range<Int> { Int(starts[row])..<Int(starts[row + 1]) }
}

/// y[j] += s · a[j].
@inline(__always)
func addScaled(_ a: UnsafePointer<Float>, by s: Float, into y: UnsafeMutablePointer<Float>, count: Int) {
    let factor = Vector(repeating: s)
    var j = 0
    while j + 16 <= count {
        y.store(y.vector(j).plus(factor, times: a.vector(j)), j)
        j += 16
    }
    while j < count {
        y[j] = y[j].addingProduct(s, a[j])
        j += 1
    }
}

/// yᵢ = rᵢ · (Σⱼ sⱼ xⱼ [+ sᵢ xᵢ]) over the rows j that row i hears from, in their order, itself first.
///
/// - Parameters:
///   - received: r, one for each row of y.
///   - sent: s, one for each row of x.
///   - includesSelf: whether a row hears itself.
package func sumNeighbours(
    _ x: UnsafePointer<Float>, columns: Int, _ edges: NeighbourRows, received: UnsafePointer<Float>,
    sent: UnsafePointer<Float>, includesSelf: Bool, into y: UnsafeMutablePointer<Float>
) {
    for row in 0..<edges.count {
        let sum = y + row * columns
        sum.update(repeating: 0, count: columns)
        if includesSelf { addScaled(x + row * columns, by: sent[row], into: sum, count: columns) }
        for place in edges.range(row) {
            let source = Int(edges.sources[place])
            addScaled(x + source * columns, by: sent[source], into: sum, count: columns)
        }
        scale(UnsafePointer(sum), by: received[row], into: sum, count: columns)
    }
}

/// What ``sumNeighbours(_:columns:_:received:sent:includesSelf:into:)`` sends back: dxⱼ += sⱼ Σᵢ rᵢ dyᵢ over the rows
/// i that hear from j, in their order.
package func sumNeighboursGradient(
    _ dy: UnsafePointer<Float>, columns: Int, _ edges: NeighbourRows, received: UnsafePointer<Float>,
    sent: UnsafePointer<Float>, includesSelf: Bool, into dx: UnsafeMutablePointer<Float>
) {
    for row in 0..<edges.count {
        let gradient = dy + row * columns
        if includesSelf {
            addScaled(gradient, by: received[row] * sent[row], into: dx + row * columns, count: columns)
        }
        for place in edges.range(row) {
            let source = Int(edges.sources[place])
            addScaled(gradient, by: received[row] * sent[source], into: dx + source * columns, count: columns)
        }
    }
}

/// y[i, c] = max over the rows j that row i hears from of x[j, c], 0 where there are none; the first of equal ones
/// counts, and NaN wins.
///
/// - Parameter chosen: the row that each number is from, −1 where there is none.
package func maximumOfNeighbours(
    _ x: UnsafePointer<Float>, columns: Int, _ edges: NeighbourRows, into y: UnsafeMutablePointer<Float>,
    chosen: UnsafeMutablePointer<Int32>
) {
    for row in 0..<edges.count {
        let (best, winner) = (y + row * columns, chosen + row * columns)
        best.update(repeating: 0, count: columns)
        winner.update(repeating: -1, count: columns)
        for (order, place) in edges.range(row).enumerated() {
            let source = edges.sources[place]
            let values = x + Int(source) * columns
            for c in 0..<columns where order == 0 || values[c] > best[c] || (values[c].isNaN && !best[c].isNaN) {
                best[c] = values[c]
                winner[c] = source
            }
        }
    }
}
