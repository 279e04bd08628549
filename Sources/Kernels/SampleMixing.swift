/// x = s x + (1 − s) y.
package func blend(_ x: UnsafeMutablePointer<Float>, with y: UnsafePointer<Float>, count: Int, share: Float) {
    let rest = 1 - share
    for i in 0..<count { x[i] = share * x[i] + rest * y[i] }
}

/// Copies the rectangle `rows` × `columns` of an image [H, W, C] to the same place of another.
package func pasteRectangle(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, w: Int, c: Int, rows: Range<Int>,
    columns: Range<Int>
) {
    for row in rows {
        let first = (row * w + columns.lowerBound) * c
        (destination + first).update(from: source + first, count: columns.count * c)
    }
}
