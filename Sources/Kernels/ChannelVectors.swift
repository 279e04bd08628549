/// Vectors that go with every position of a value: for each of `samples` a matrix [rows, columns] and a vector
/// [columns].

/// y = x · v: every row of a sample times its vector, element by element; or y += x · v.
package func multiplyRows(
    _ x: UnsafePointer<Float>, by v: UnsafePointer<Float>, samples: Int, rows: Int, columns: Int,
    into y: UnsafeMutablePointer<Float>, accumulate: Bool = false
) {
    for sample in 0..<samples {
        for row in sample * rows..<(sample + 1) * rows {
            product(
                x + row * columns, v + sample * columns, into: y + row * columns, count: columns,
                accumulate: accumulate)
        }
    }
}

/// s[sample] = Σ over rows of a · b element by element, or s[sample] += it; in blocks of 64 rows, as ``sumRows``.
package func sumRowProducts(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, samples: Int, rows: Int, columns: Int,
    into s: UnsafeMutablePointer<Float>, accumulate: Bool = false
) {
    if !accumulate { s.update(repeating: 0, count: samples * columns) }
    for sample in 0..<samples {
        for column in stride(from: 0, to: columns, by: 16) {
            let width = min(16, columns - column)
            let target = s + sample * columns + column
            var total = loadLanes(target, width)
            for first in stride(from: 0, to: rows, by: 64) {
                var block = Vector.zero
                for row in first..<min(first + 64, rows) {
                    let place = (sample * rows + row) * columns + column
                    block += loadLanes(a + place, width) * loadLanes(b + place, width)
                }
                total += block
            }
            storeLanes(total, to: target, width)
        }
    }
}
