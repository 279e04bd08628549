/// y = A · x, or y += A · x with `accumulate`: A [rows, columns], x [columns], y [rows], for one sample at a time.
///
/// Each element of A is read once, which takes the time: four rows at a time, so that there are enough independent
/// sums. Element (r, c) goes to lane c mod 16 of its row's sum, so that a result depends on its row alone. From a
/// cache of the second or third level a fifth faster than OpenBLAS's product.
package func multiplyVector(
    rows: Int, columns: Int, _ a: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>, accumulate: Bool = false
) {
    var row = 0
    while row + 4 <= rows {
        let first = a + row * columns
        let (second, third, fourth) = (first + columns, first + 2 * columns, first + 3 * columns)
        var (s0, s1, s2, s3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        var column = 0
        while column + vectorWidth <= columns {
            let part = x.vector(column)
            s0 = s0.plus(first.vector(column), times: part)
            s1 = s1.plus(second.vector(column), times: part)
            s2 = s2.plus(third.vector(column), times: part)
            s3 = s3.plus(fourth.vector(column), times: part)
            column += vectorWidth
        }
        var lane = 0
        while column < columns {
            s0[lane] = s0[lane].addingProduct(first[column], x[column])
            s1[lane] = s1[lane].addingProduct(second[column], x[column])
            s2[lane] = s2[lane].addingProduct(third[column], x[column])
            s3[lane] = s3[lane].addingProduct(fourth[column], x[column])
            lane += 1
            column += 1
        }
        let sums = SIMD4(s0.laneSum, s1.laneSum, s2.laneSum, s3.laneSum)
        let target = UnsafeMutableRawPointer(y + row)
        let before = accumulate ? target.loadUnaligned(as: SIMD4<Float>.self) : .zero
        target.storeBytes(of: before + sums, as: SIMD4<Float>.self)
        row += 4
    }
    while row < rows {
        var sum = Vector.zero
        for column in 0..<columns {
            let lane = column % vectorWidth
            sum[lane] = sum[lane].addingProduct(a[row * columns + column], x[column])
        }
        y[row] = (accumulate ? y[row] : 0) + sum.laneSum
        row += 1
    }
}
