/// y [m, n] = x Wᵀ + bias for few rows x [m, k] and W [n, k], whose rows are read where they lie: what one step of many
/// sequences, or of one, takes. The library copies W first, which costs as much as the product of many rows.
package func multiplyRows(
    m: Int, n: Int, k: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    into y: UnsafeMutablePointer<Float>
) {
    for row in 0..<m {
        let (x, y) = (x + row * k, y + row * n)
        var column = 0
        while column + 4 <= n {
            let sums = fourProducts(k: k, x, w + column * k)
            for i in 0..<4 { y[column + i] = sums[i] + (bias?[column + i] ?? 0) }
            column += 4
        }
        while column < n {
            y[column] = laneSum(count: k) { x[$0] * w[column * k + $0] } + (bias?[column] ?? 0)
            column += 1
        }
    }
}

/// x · w for four neighbouring rows of w.
@inline(__always)
private func fourProducts(k: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>) -> SIMD4<Float> {
    var (a, b, c, d) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var i = 0
    while i + 16 <= k {
        let v = x.vector(i)
        a = a.plus(v, times: w.vector(i))
        b = b.plus(v, times: w.vector(k + i))
        c = c.plus(v, times: w.vector(2 * k + i))
        d = d.plus(v, times: w.vector(3 * k + i))
        i += 16
    }
    var sums = SIMD4(a.laneSum, b.laneSum, c.laneSum, d.laneSum)
    while i < k {
        sums += SIMD4(w[i], w[k + i], w[2 * k + i], w[3 * k + i]) * x[i]
        i += 1
    }
    return sums
}
