// What chance does to single values. Where nothing else is said, value i uses word i mod 4 of block i / 4 of the key's
// stream; counts stay below 2³⁴.

/// The number of the 2³² words that stand for a probability; all of them for 1.
private func limit(_ probability: Double) -> UInt64 { UInt64(min(max(probability, 0), 1) * 0x1p32) }

/// Which words are below a limit of 0…2³².
@inline(__always)
private func isBelow(_ limit: UInt64, _ words: SIMD16<UInt32>) -> SIMDMask<SIMD16<Int32>> {
    limit == 0 ? SIMDMask(repeating: false) : words .<= SIMD16(repeating: UInt32(limit - 1))
}

/// Gives `body` the words of sixteen values at a time, with the first value's place.
@inline(__always)
private func forEachVector(_ count: Int, _ key: RandomKey, _ body: (_ first: Int, _ words: SIMD16<UInt32>) -> Void) {
    var first = 0
    while first < count {
        let words = philox16(key: key.bits, first: UInt32(truncatingIfNeeded: first / 4), word2: 0, word3: 0)
        let even = interleaved(words.0, words.2)
        let odd = interleaved(words.1, words.3)
        let low = interleaved(even.low, odd.low)
        let high = interleaved(even.high, odd.high)
        body(first, low.low)
        if first + 16 < count { body(first + 16, low.high) }
        if first + 32 < count { body(first + 32, high.low) }
        if first + 48 < count { body(first + 48, high.high) }
        first += 64
    }
}

/// a₀ b₀ a₁ b₁ …
@inline(__always)
private func interleaved(_ a: SIMD16<UInt32>, _ b: SIMD16<UInt32>) -> (low: SIMD16<UInt32>, high: SIMD16<UInt32>) {
    var (low, high) = (SIMD16<UInt32>(), SIMD16<UInt32>())
    low.evenHalf = a.lowHalf
    low.oddHalf = b.lowHalf
    high.evenHalf = a.highHalf
    high.oddHalf = b.highHalf
    return (low, high)
}

/// y = x, of which each value by itself becomes `value` with a probability.
package func maskValues(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, probability: Double, value: Float = 0,
    key: RandomKey
) {
    let limit = limit(probability)
    forEachVector(count, key) { first, words in
        let width = min(16, count - first)
        let kept = loadLanes(x + first, width)
        storeLanes(kept.replacing(with: value, where: isBelow(limit, words)), to: y + first, width)
    }
}

/// y = x, of which each value by itself becomes `low` or `high`, each with half of a probability.
package func saltAndPepper(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, probability: Double, low: Float,
    high: Float, key: RandomKey
) {
    let (half, limit) = (limit(probability / 2), limit(probability))
    forEachVector(count, key) { first, words in
        let width = min(16, count - first)
        let salted = loadLanes(x + first, width).replacing(with: high, where: isBelow(limit, words))
        storeLanes(salted.replacing(with: low, where: isBelow(half, words)), to: y + first, width)
    }
}

/// Numbers uniform in 0..<`bound`.
package func fillUniformly(_ y: UnsafeMutablePointer<Float>, count: Int, below bound: Float, key: RandomKey) {
    forEachVector(count, key) { first, words in
        storeLanes(units(words) * Vector(repeating: bound), to: y + first, min(16, count - first))
    }
}

/// y = x + n with n ~ N(0, deviation²), held within 0…`full` where there is such.
///
/// Values 64 i + 0…15 and 64 i + 16…31 use words 0 and 1 of blocks 16 i … 16 i + 15 of the key's stream, those behind
/// them words 2 and 3. Within 6 · 10⁻⁶ deviations of what Box and Muller's formula gives in double precision.
package func addNormalNoise(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, deviation: Float, full: Float?,
    key: RandomKey
) {
    let (lowest, highest) = full.map { (Float(0), $0) } ?? (-Float.infinity, Float.infinity)
    func add(_ noise: Vector, at first: Int) {
        let width = min(16, count - first)
        if width <= 0 { return }
        let value = loadLanes(x + first, width).plus(noise, times: deviation)
        storeLanes(limited(value, lowest, highest), to: y + first, width)
    }
    for first in stride(from: 0, to: count, by: 64) {
        let words = philox16(key: key.bits, first: UInt32(truncatingIfNeeded: first / 4), word2: 0, word3: 0)
        let pair = normals(words.0, words.1)
        add(pair.0, at: first)
        add(pair.1, at: first + 16)
        let next = normals(words.2, words.3)
        add(next.0, at: first + 32)
        add(next.1, at: first + 48)
    }
}

/// The highest 23 bits of each word as a number in [0, 1).
@inline(__always)
private func units(_ words: SIMD16<UInt32>) -> Vector {
    // 1.m with the mantissa m from the word.
    let bits = (words &>> SIMD16(repeating: 9)) | SIMD16(repeating: 0x3f80_0000)
    return unsafeBitCast(bits, to: Vector.self) - Vector(repeating: 1)
}

/// Two independent standard normal numbers a lane (Box and Muller 1958): √(−2 log(1 − u)) times cosine and sine of v
/// turns, u and v from the highest 23 bits of the words.
@inline(__always)
private func normals(_ a: SIMD16<UInt32>, _ b: SIMD16<UInt32>) -> (Vector, Vector) {
    let radius = (Vector(repeating: -2) * logarithm(Vector(repeating: 1) - units(a))).squareRoot()
    let (cosine, sine) = cosineAndSine(ofTurns: units(b))
    return (radius * cosine, radius * sine)
}

/// Of angles in 0…1 turns: the polynomials of Cephes `sinf` and `cosf` (Moshier 1989) in the eighth of a turn around
/// each quarter.
@inline(__always)
private func cosineAndSine(ofTurns turns: Vector) -> (Vector, Vector) {
    let magic = Vector(repeating: 12_582_912)  // 1.5 · 2²³: adding it rounds to an integer
    let shifted = magic.plus(turns, times: 4)
    let quarter = unsafeBitCast(shifted, to: SIMD16<UInt32>.self)
    let x = (turns * Vector(repeating: 4) - (shifted - magic)) * Vector(repeating: .pi / 2)
    let z = x * x
    var p = Vector(repeating: 8.332_160_9e-3).plus(z, times: -1.951_529_6e-4)
    p = Vector(repeating: -1.666_665_5e-1).plus(p, times: z)
    let sine = x.plus(p * z, times: x)
    var q = Vector(repeating: -1.388_731_6e-3).plus(z, times: 2.443_315_7e-5)
    q = Vector(repeating: 4.166_664_6e-2).plus(q, times: z)
    let cosine = Vector(repeating: 1).plus(z, times: -0.5).plus(q * z, times: z)
    let isOdd = (quarter & SIMD16(repeating: 1)) .== SIMD16(repeating: 1)
    let signs = SIMD16<UInt32>(repeating: 2)
    let sineSign = (quarter & signs) &<< SIMD16(repeating: 30)
    let cosineSign = ((quarter &+ SIMD16(repeating: 1)) & signs) &<< SIMD16(repeating: 30)
    let c = unsafeBitCast(cosine.replacing(with: sine, where: isOdd), to: SIMD16<UInt32>.self) ^ cosineSign
    let s = unsafeBitCast(sine.replacing(with: cosine, where: isOdd), to: SIMD16<UInt32>.self) ^ sineSign
    return (unsafeBitCast(c, to: Vector.self), unsafeBitCast(s, to: Vector.self))
}
