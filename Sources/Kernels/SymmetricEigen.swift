import COpenBLAS

/// The eigenvalues of a real symmetric matrix, ascending, and an orthonormal eigenvector for each.
///
/// The same bits on every thread and rank of one kind of processor. Not for the steady state: it takes memory from the
/// system.
package struct SymmetricEigen {
    /// n of them, ascending.
    package let values: [Double]
    /// [n, n]: row i belongs to value i. The largest element of each, the first of equal ones, is positive.
    package let vectors: [Double]

    /// - Parameter matrix: [n, n] row-major; only one triangle is read.
    /// - Returns: nil where the library finds none, as of numbers that are not finite.
    package init?(_ matrix: [Double], count n: Int) {
        precondition(n > 0 && matrix.count == n * n, "SymmetricEigen: \(matrix.count) numbers for \(n)×\(n)")
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        var a = matrix
        var values = [Double](repeating: 0, count: n)
        var (order, info) = (Int32(n), Int32(0))
        var (workSize, integerSize) = (Int32(1 + 6 * n + 2 * n * n), Int32(3 + 5 * n))
        var work = [Double](repeating: 0, count: Int(workSize))
        var integers = [Int32](repeating: 0, count: Int(integerSize))
        // Column-major there: the lower triangle of a symmetric matrix is the upper one here, and vectors come as
        // columns, which are rows here.
        var leading = order
        dsyevd_("V", "L", &order, &a, &leading, &values, &work, &workSize, &integers, &integerSize, &info)
        guard info == 0 else { return nil }
        for row in 0..<n {
            var largest = 0.0
            for value in a[row * n..<(row + 1) * n] where abs(value) > abs(largest) { largest = value }
            if largest < 0 { for column in 0..<n { a[row * n + column] = -a[row * n + column] } }
        }
        self.values = values
        vectors = a
    }
}

/// C = op(A) · op(B) of row-major matrices in double precision: op(A) is m × k, op(B) is k × n.
package func multiply(
    m: Int, n: Int, k: Int, _ a: [Double], transposeA: Bool = false, _ b: [Double], transposeB: Bool = false
) -> [Double] {
    precondition(a.count == m * k && b.count == k * n, "multiply: \(a.count) and \(b.count) for \(m)×\(k)×\(n)")
    var c = [Double](repeating: 0, count: m * n)
    if c.isEmpty || k == 0 { return c }
    cblas_dgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m),
        Int32(n), Int32(k), 1, a, Int32(transposeA ? m : k), b, Int32(transposeB ? k : n), 0, &c, Int32(n))
    return c
}
