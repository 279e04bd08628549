/// y = s · x · mask with mask 0 or 1 from the random key: element i uses word i mod 64 of Philox group i / 64.
///
/// Srivastava et al. 2014; s = 1 / (1 − p) is inverted scaling. Calling it on the gradient with the same key applies
/// the same mask.
package func dropout(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, probability: Float, scale: Float,
    key: RandomKey, accumulate: Bool = false
) {
    let threshold = UInt32(min(max(Double(probability), 0), 1) * 4_294_967_295)
    let factor = Vector(repeating: scale)
    var i = 0
    while i < count {
        let words = philox16(
            key: key.bits, first: UInt32(truncatingIfNeeded: i / 64 * 16), word2: 0,
            word3: UInt32(truncatingIfNeeded: i >> 34))
        apply(words.0, threshold, factor, x, y, i, count, accumulate)
        apply(words.1, threshold, factor, x, y, i + 16, count, accumulate)
        apply(words.2, threshold, factor, x, y, i + 32, count, accumulate)
        apply(words.3, threshold, factor, x, y, i + 48, count, accumulate)
        i += 64
    }
}

@inline(__always)
private func apply(
    _ words: SIMD16<UInt32>, _ threshold: UInt32, _ factor: Vector, _ x: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ first: Int, _ count: Int, _ accumulate: Bool
) {
    let kept = words .>= SIMD16<UInt32>(repeating: threshold)
    let width = min(16, count - first)
    if width <= 0 { return }
    var value = Vector.zero.replacing(with: loadLanes(x + first, width) * factor, where: kept)
    if accumulate { value += loadLanes(y + first, width) }
    storeLanes(value, to: y + first, width)
}
