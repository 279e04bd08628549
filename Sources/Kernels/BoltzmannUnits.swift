/// What the units of a Boltzmann machine do with their inputs, and chance.

/// y = 1 with probability p, else 0: element i uses word i mod 64 of Philox group i / 64, as dropout does.
///
/// The word's highest 23 bits are a number in [0, 1) that is compared with p, so that 0 and 1 are certain.
package func sampleBinary(
    _ p: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, key: RandomKey
) {
    var i = 0
    while i < count {
        let words = philox16(
            key: key.bits, first: UInt32(truncatingIfNeeded: i / 64 * 16), word2: 0,
            word3: UInt32(truncatingIfNeeded: i >> 34))
        drawBinary(words.0, p, y, i, count)
        drawBinary(words.1, p, y, i + 16, count)
        drawBinary(words.2, p, y, i + 32, count)
        drawBinary(words.3, p, y, i + 48, count)
        i += 64
    }
}

@inline(__always)
private func drawBinary(
    _ words: SIMD16<UInt32>, _ p: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ first: Int, _ count: Int
) {
    let width = min(16, count - first)
    if width <= 0 { return }
    // 1.m with the mantissa m from the word.
    let bits = (words &>> SIMD16(repeating: 9)) | SIMD16(repeating: 0x3f80_0000)
    let shares = unsafeBitCast(bits, to: Vector.self) - Vector(repeating: 1)
    let drawn = Vector.zero.replacing(with: 1, where: shares .< loadLanes(p + first, width))
    storeLanes(drawn, to: y + first, width)
}

/// y = x + n with n ~ N(0, deviation²): elements 2i and 2i + 1 use the two numbers at position i of the key's stream.
package func sampleNormal(
    around x: UnsafePointer<Float>, deviation: Float = 1, into y: UnsafeMutablePointer<Float>, count: Int,
    key: RandomKey
) {
    for first in stride(from: 0, to: count, by: 2) {
        let (a, b) = key.normals(at: UInt64(first / 2))
        y[first] = x[first] + deviation * a
        if first + 1 < count { y[first + 1] = x[first + 1] + deviation * b }
    }
}

/// x becomes 1 / (1 + e⁻ˣ) in place; returns Σ log(1 + eˣ), in an order that depends on `count` alone.
package func logisticWithSoftplusSum(_ x: UnsafeMutablePointer<Float>, count: Int) -> Float {
    var total = Vector.zero
    var i = 0
    while i < count {
        var block = Vector.zero
        let end = min(i + 1024, count)
        while i < end {
            let width = min(16, end - i)
            var (mean, softplus) = logisticAndSoftplus(loadLanes(x + i, width))
            storeLanes(mean, to: x + i, width)
            for lane in width..<16 { softplus[lane] = 0 }
            block += softplus
            i += width
        }
        total += block
    }
    return total.laneSum
}

/// From one exponential t = e⁻ˡˣˡ: 1 / (1 + e⁻ˣ), and log(1 + eˣ) = max(x, 0) + log(1 + t).
@inline(__always)
private func logisticAndSoftplus(_ x: Vector) -> (Vector, Vector) {
    let isNegative = x .< Vector.zero
    let t = exponential(x.replacing(with: -x, where: .!isNegative))
    let larger = Vector(repeating: 1) / (Vector(repeating: 1) + t)
    let mean = larger.replacing(with: t * larger, where: isNegative)
    return (mean, x.replacing(with: 0, where: isNegative) + logarithm(Vector(repeating: 1) + t))
}
