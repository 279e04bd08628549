/// Matrix products cut into pieces that the linear-algebra library multiplies in place.
///
/// OpenBLAS copies both factors into panels, unless m · n · k ≤ 10⁶ and B is not transposed. For products with few rows
/// or columns that copying costs up to half of the time.
private let inPlaceLimit = 1_000_000

/// The size of the equal pieces, of at most `most`, that cover `count`.
private func piece(of count: Int, most: Int) -> Int {
    let pieces = max(1, (count + most - 1) / most)
    return max(1, (count + pieces - 1) / pieces)
}

/// C = A · B, or C += A · B, for A [m, k] with few rows and B [k, n].
///
/// Pieces of 48 × 64 × 256 were the best over a dozen shapes: 32×512×256 114 → 148 GFLOP/s, 128×128×128 178 → 229.
func multiplyFewRows(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
    into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool = false
) {
    if m * n * k <= inPlaceLimit {
        multiply(m: m, n: n, k: k, a, lda: lda, b, ldb: ldb, into: c, ldc: ldc, accumulate: accumulate)
        return
    }
    let columns = 64
    let depth = piece(of: k, most: 256)
    let rows = piece(of: m, most: max(48, 48 * 256 / depth))
    for column in stride(from: 0, to: n, by: columns) {
        for inner in stride(from: 0, to: k, by: depth) {
            for row in stride(from: 0, to: m, by: rows) {
                multiply(
                    m: min(rows, m - row), n: min(columns, n - column), k: min(depth, k - inner),
                    a + (row * lda + inner), lda: lda,
                    b + (inner * ldb + column), ldb: ldb, into: c + (row * ldc + column), ldc: ldc,
                    accumulate: accumulate || inner > 0)
            }
        }
    }
}

/// C = Aᵀ · B, or C += Aᵀ · B, for A [k, m] and B [k, n]; in pieces of the sum where C is small (128×128×128: 180 → 219
/// GFLOP/s).
func multiplyTransposed(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
    into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool = false
) {
    let most = inPlaceLimit / max(m * n, 1)
    let depth = most < 24 ? k : piece(of: k, most: most)
    for row in stride(from: 0, to: k, by: max(depth, 1)) {
        multiply(
            m: m, n: n, k: min(depth, k - row), a + row * lda, lda: lda, transposeA: true, b + row * ldb, ldb: ldb,
            into: c, ldc: ldc,
            accumulate: accumulate || row > 0)
    }
}
