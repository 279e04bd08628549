/// Σ x², squared exactly and added in Double: 32 lane sums, element i to lane i mod 32, then the lanes in order.
///
/// The order depends on `count` alone. A square of floats is exact in Double and cannot overflow, so the relative error
/// is below (count / 32 + 32) · 2⁻⁵³.
package func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
    var a = SIMD8<Double>.zero
    var b = a
    var c = a
    var d = a
    let raw = UnsafeRawPointer(x)
    let whole = count & ~31
    var i = 0
    while i < whole {
        let p = raw + i * MemoryLayout<Float>.stride
        a += squares(p.loadUnaligned(as: SIMD8<Float>.self))
        b += squares((p + 32).loadUnaligned(as: SIMD8<Float>.self))
        c += squares((p + 64).loadUnaligned(as: SIMD8<Float>.self))
        d += squares((p + 96).loadUnaligned(as: SIMD8<Float>.self))
        i += 32
    }
    var sum = 0.0
    var tail = SIMD32<Double>.zero
    for lane in 0..<count - whole {
        let value = Double(x[whole + lane])
        tail[lane] = value * value
    }
    for lane in 0..<8 { sum += a[lane] + tail[lane] }
    for lane in 0..<8 { sum += b[lane] + tail[8 + lane] }
    for lane in 0..<8 { sum += c[lane] + tail[16 + lane] }
    for lane in 0..<8 { sum += d[lane] + tail[24 + lane] }
    return sum
}

@inline(__always)
private func squares(_ v: SIMD8<Float>) -> SIMD8<Double> {
    let wide = SIMD8<Double>(v)
    return wide * wide
}

/// Scales every row of `x` [rows, columns] whose Euclidean norm exceeds `limit` down to it; NaN rows stay as they are.
package func limitRowNorms(_ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int, limit: Double) {
    for row in 0..<rows {
        let start = x + row * columns
        let norm = sumOfSquares(start, count: columns).squareRoot()
        guard norm > limit else { continue }
        let factor = Float(limit / norm)
        for i in 0..<columns { start[i] *= factor }
    }
}

/// Brings every element of `x` within ± `limit`; NaN stays as it is.
package func limitValues(_ x: UnsafeMutablePointer<Float>, count: Int, limit: Float) {
    for i in 0..<count { x[i] = x[i] > limit ? limit : x[i] < -limit ? -limit : x[i] }
}
