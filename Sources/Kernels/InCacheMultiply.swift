/// Matrix products of factors that already lie in the first two caches: nothing is copied into panels, C's block stays
/// in registers.
///
/// The kernel holds 8 × 32 values of C in 16 vector registers, which is enough to keep both multiply-add units busy
/// (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). B's rows and C's rows are read
/// 16 floats at a time, so n is a multiple of 16.

/// C = A · B, or C += A · B, for A [m, k] and B [k, n]; n is a multiple of 16.
func multiplyInCache(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
    into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool
) {
    multiply(m: m, n: n, k: k, Factor(pointer: a, rowStride: lda, depthStride: 1), b, ldb, c, ldc, accumulate)
}

/// C = Aᵀ · B, or C += Aᵀ · B, for A [k, m] and B [k, n]; n is a multiple of 16.
func multiplyTransposedInCache(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
    into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool
) {
    multiply(m: m, n: n, k: k, Factor(pointer: a, rowStride: 1, depthStride: lda), b, ldb, c, ldc, accumulate)
}

/// C = Σⱼ Aⱼ · Bⱼ for `taps` matrices Aⱼ [m, k] and Bⱼ [k, n]; n is a multiple of 16.
///
/// The sum stays in registers from tap to tap.
/// - Parameters:
///   - aStride: from one A to the next, as `bStride` from one B to the next.
func multiplyTapsInCache(
    m: Int, n: Int, k: Int, taps: Int, _ a: UnsafePointer<Float>, lda: Int, aStride: Int, _ b: UnsafePointer<Float>,
    ldb: Int, bStride: Int, into c: UnsafeMutablePointer<Float>, ldc: Int
) {
    multiply(
        m: m, n: n, k: k,
        Factor(pointer: a, rowStride: lda, depthStride: 1, taps: taps, tapStride: aStride, otherTapStride: bStride), b,
        ldb, c, ldc, false)
}

/// C = Aᵀ · B for A [k, m] and B [k, n] with few rows, a layer's product; C may be large, each of its values is written
/// once.
package func multiplyFewDeep(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
    into c: UnsafeMutablePointer<Float>, ldc: Int
) {
    if ProductPrecision.isRounding {
        return layerProduct(m: m, n: n, k: k, a, lda: lda, transposeA: true, b, ldb: ldb, into: c, ldc: ldc)
    }
    let whole = n / 16 * 16
    multiplyTransposedInCache(
        m: m, n: whole, k: k, a, lda: lda, b, ldb: ldb, into: c, ldc: ldc, accumulate: false)
    if n > whole {
        multiply(
            m: m, n: n - whole, k: k, a, lda: lda, transposeA: true, b + whole, ldb: ldb, into: c + whole, ldc: ldc)
    }
}

/// The first factor: its value (row, depth) lies at row · rowStride + depth · depthStride. There may be several, one a
/// tap.
private struct Factor {
    var pointer: UnsafePointer<Float>
    var rowStride: Int
    var depthStride: Int
    var taps = 1
    var tapStride = 0
    /// Of the second factors.
    var otherTapStride = 0

    @inline(__always)
    func from(row: Int) -> Factor {
        var copy = self
        copy.pointer += row * rowStride
        return copy
    }
}

@inline(__always)
private func multiply(
    m: Int, n: Int, k: Int, _ a: Factor, _ b: UnsafePointer<Float>, _ ldb: Int, _ c: UnsafeMutablePointer<Float>,
    _ ldc: Int,
    _ accumulate: Bool
) {
    var column = 0
    while column + 32 <= n {
        multiplyColumns(Row<TwoVectors>.self, m: m, k: k, a, b + column, ldb, c + column, ldc, accumulate)
        column += 32
    }
    if column < n { multiplyColumns(Row<OneVector>.self, m: m, k: k, a, b + column, ldb, c + column, ldc, accumulate) }
}

/// All rows of the columns that one row of accumulators holds.
@inline(__always)
private func multiplyColumns<One: Accumulators>(
    _: One.Type, m: Int, k: Int, _ a: Factor, _ b: UnsafePointer<Float>, _ ldb: Int, _ c: UnsafeMutablePointer<Float>,
    _ ldc: Int,
    _ accumulate: Bool
) {
    var row = 0
    while row + 8 <= m {
        multiplyBlock(
            Stacked<Stacked<Stacked<One>>>.self, k: k, a.from(row: row), b, ldb, c + row * ldc, ldc, accumulate)
        row += 8
    }
    if row + 4 <= m {
        multiplyBlock(Stacked<Stacked<One>>.self, k: k, a.from(row: row), b, ldb, c + row * ldc, ldc, accumulate)
        row += 4
    }
    while row < m {
        multiplyBlock(One.self, k: k, a.from(row: row), b, ldb, c + row * ldc, ldc, accumulate)
        row += 1
    }
}

@inline(__always)
private func multiplyBlock<Block: Accumulators>(
    _: Block.Type, k: Int, _ a: Factor, _ b: UnsafePointer<Float>, _ ldb: Int, _ c: UnsafeMutablePointer<Float>,
    _ ldc: Int,
    _ accumulate: Bool
) {
    var block = accumulate ? Block(from: c, ldc) : Block()
    for tap in 0..<a.taps {
        let (first, second) = (a.pointer + tap * a.tapStride, b + tap * a.otherTapStride)
        for depth in 0..<k { block.add(first + depth * a.depthStride, a.rowStride, second + depth * ldb) }
    }
    block.store(to: c, ldc)
}

// MARK: - Accumulators

/// A block of C that stays in registers.
private protocol Accumulators {
    static var rows: Int { get }
    /// Zeros.
    init()
    init(from c: UnsafePointer<Float>, _ ldc: Int)
    /// Adds the outer product of a column of A, whose values are `rowStride` apart, and a row of B.
    mutating func add(_ a: UnsafePointer<Float>, _ rowStride: Int, _ b: UnsafePointer<Float>)
    func store(to c: UnsafeMutablePointer<Float>, _ ldc: Int)
}

/// A piece of a row, in vectors.
private protocol Vectors {
    init()
    init(from c: UnsafePointer<Float>)
    mutating func add(_ a: Vector, times b: UnsafePointer<Float>)
    func store(to c: UnsafeMutablePointer<Float>)
}

private struct OneVector: Vectors {
    var first = Vector.zero

    @inline(__always) init() {}
    @inline(__always) init(from c: UnsafePointer<Float>) { first = c.vector(0) }
    @inline(__always) mutating func add(_ a: Vector, times b: UnsafePointer<Float>) {
        first = first.addingProduct(a, b.vector(0))
    }
    @inline(__always) func store(to c: UnsafeMutablePointer<Float>) { c.store(first, 0) }
}

private struct TwoVectors: Vectors {
    var first = Vector.zero
    var second = Vector.zero

    @inline(__always) init() {}
    @inline(__always) init(from c: UnsafePointer<Float>) { (first, second) = (c.vector(0), c.vector(16)) }
    @inline(__always)
    mutating func add(_ a: Vector, times b: UnsafePointer<Float>) {
        first = first.addingProduct(a, b.vector(0))
        second = second.addingProduct(a, b.vector(16))
    }
    @inline(__always)
    func store(to c: UnsafeMutablePointer<Float>) {
        c.store(first, 0)
        c.store(second, 16)
    }
}

private struct Row<Values: Vectors>: Accumulators {
    var values = Values()

    @inline(__always) static var rows: Int { 1 }
    @inline(__always) init() {}
    @inline(__always) init(from c: UnsafePointer<Float>, _ ldc: Int) { values = Values(from: c) }
    @inline(__always)
    mutating func add(_ a: UnsafePointer<Float>, _ rowStride: Int, _ b: UnsafePointer<Float>) {
        values.add(Vector(repeating: a[0]), times: b)
    }
    @inline(__always) func store(to c: UnsafeMutablePointer<Float>, _ ldc: Int) { values.store(to: c) }
}

/// Twice the rows: one block above another.
private struct Stacked<Half: Accumulators>: Accumulators {
    var upper = Half()
    var lower = Half()

    @inline(__always) static var rows: Int { 2 * Half.rows }
    @inline(__always) init() {}
    @inline(__always)
    init(from c: UnsafePointer<Float>, _ ldc: Int) {
        upper = Half(from: c, ldc)
        lower = Half(from: c + Half.rows * ldc, ldc)
    }
    @inline(__always)
    mutating func add(_ a: UnsafePointer<Float>, _ rowStride: Int, _ b: UnsafePointer<Float>) {
        upper.add(a, rowStride, b)
        lower.add(a + Half.rows * rowStride, rowStride, b)
    }
    @inline(__always)
    func store(to c: UnsafeMutablePointer<Float>, _ ldc: Int) {
        upper.store(to: c, ldc)
        lower.store(to: c + Half.rows * ldc, ldc)
    }
}
