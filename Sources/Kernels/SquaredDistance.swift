/// y[n, j] = Σᵢ (x[n, i] − w[j, i])²: the squared distances of rows [rows, features] from centres [units, features].
package func squaredDistances(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, rows: Int, units: Int, features: Int,
    into y: UnsafeMutablePointer<Float>
) {
    for n in 0..<rows {
        for j in 0..<units {
            let (row, centre) = (x + n * features, w + j * features)
            y[n * units + j] = laneSum(count: features) { i in
                let d = row[i] - centre[i]
                return d * d
            }
        }
    }
}

/// dx[n, i] = (or +=) Σⱼ 2 dy[n, j] (x[n, i] − w[j, i]).
package func squaredDistanceGradient(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, units: Int,
    features: Int, into dx: UnsafeMutablePointer<Float>, accumulate: Bool
) {
    if !accumulate { dx.update(repeating: 0, count: rows * features) }
    forEachDifference(dy, rows, units) { n, j, factor in
        let (row, centre, target) = (x + n * features, w + j * features, dx + n * features)
        for i in 0..<features { target[i] += factor * (row[i] - centre[i]) }
    }
}

/// dw[j, i] = (or +=) Σₙ −2 dy[n, j] (x[n, i] − w[j, i]).
package func squaredDistanceCentreGradient(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, units: Int,
    features: Int, into dw: UnsafeMutablePointer<Float>, accumulate: Bool
) {
    if !accumulate { dw.update(repeating: 0, count: units * features) }
    forEachDifference(dy, rows, units) { n, j, factor in
        let (row, centre, target) = (x + n * features, w + j * features, dw + j * features)
        for i in 0..<features { target[i] += factor * (centre[i] - row[i]) }
    }
}

/// Calls `body(row, unit, 2 dy)` for every row and unit in order.
@inline(__always)
private func forEachDifference(
    _ dy: UnsafePointer<Float>, _ rows: Int, _ units: Int, _ body: (Int, Int, Float) -> Void
) {
    for n in 0..<rows {
        for j in 0..<units { body(n, j, 2 * dy[n * units + j]) }
    }
}
