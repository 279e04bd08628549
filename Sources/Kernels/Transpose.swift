/// Transposes each of `samples` matrices A [rows, columns] that lie behind each other.
package func transposeSamples(
    _ a: UnsafePointer<Float>, samples: Int, rows: Int, columns: Int, into b: UnsafeMutablePointer<Float>
) {
    let size = rows * columns
    for sample in 0..<samples {
        transpose(a + sample * size, rows: rows, columns: columns, into: b + sample * size)
    }
}

/// B [columns, rows] = the transpose of A [rows, columns].
package func transpose(_ a: UnsafePointer<Float>, rows: Int, columns: Int, into b: UnsafeMutablePointer<Float>) {
    // Blocks of 16 × 16: each line of either matrix stays in the first-level cache while it is needed.
    for top in stride(from: 0, to: rows, by: 16) {
        for left in stride(from: 0, to: columns, by: 16) {
            let (bottom, right) = (min(top + 16, rows), min(left + 16, columns))
            let (wholeRows, wholeColumns) = (top + (bottom - top) / 4 * 4, left + (right - left) / 4 * 4)
            for row in stride(from: top, to: wholeRows, by: 4) {
                for column in stride(from: left, to: wholeColumns, by: 4) {
                    transposeFour(a + (row * columns + column), columns, into: b + (column * rows + row), rows)
                }
            }
            for column in wholeColumns..<right {
                for row in top..<bottom { b[column * rows + row] = a[row * columns + column] }
            }
            for row in wholeRows..<bottom {
                for column in left..<wholeColumns { b[column * rows + row] = a[row * columns + column] }
            }
        }
    }
}

/// B [16, 16] = the transpose of 16 lines of 16 values; A's lines lie `lineStride` apart.
@inline(__always)
func transposeSixteen(_ a: UnsafePointer<Float>, lineStride: Int, into b: UnsafeMutablePointer<Float>) {
    for row in stride(from: 0, to: 16, by: 4) {
        for column in stride(from: 0, to: 16, by: 4) {
            transposeFour(a + (row * lineStride + column), lineStride, into: b + (column * 16 + row), 16)
        }
    }
}

/// A block of 4 × 4; `columns` and `rows` are the distances between the lines of `a` and `b`.
@inline(__always)
private func transposeFour(_ a: UnsafePointer<Float>, _ columns: Int, into b: UnsafeMutablePointer<Float>, _ rows: Int)
{
    @inline(__always) func line(_ row: Int) -> SIMD4<Float> {
        UnsafeRawPointer(a + row * columns).loadUnaligned(as: SIMD4<Float>.self)
    }
    @inline(__always) func store(_ line: SIMD4<Float>, _ column: Int) {
        UnsafeMutableRawPointer(b + column * rows).storeBytes(of: line, as: SIMD4<Float>.self)
    }
    let upper = SIMD8(lowHalf: line(0), highHalf: line(1))
    let lower = SIMD8(lowHalf: line(2), highHalf: line(3))
    let even = SIMD8(lowHalf: upper.evenHalf, highHalf: lower.evenHalf)
    let odd = SIMD8(lowHalf: upper.oddHalf, highHalf: lower.oddHalf)
    store(even.evenHalf, 0)
    store(odd.evenHalf, 1)
    store(even.oddHalf, 2)
    store(odd.oddHalf, 3)
}
