/// A generator for tests (SplitMix64; Steele, Lea and Flood, OOPSLA 2014), so that a failing case can be repeated.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(_ parts: Int...) {
        state = parts.reduce(0x9E37_79B9_7F4A_7C15) {
            ($0 ^ UInt64(bitPattern: Int64($1))) &* 0xBF58_476D_1CE4_E5B9 &+ 1
        }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The vectors of a job's grains, of magnitudes 10⁻⁸ to 10⁸, so that nearly every order of addition gives other bits.
struct GrainVectors {
    let grainCount: Int
    let floats: Int

    /// A grain without samples is zero; every seventh one is.
    func isEmpty(step: Int, grain: Int) -> Bool { (step + grain) % 7 == 5 }

    func vector(step: Int, grain: Int) -> [Float] {
        if isEmpty(step: step, grain: grain) { return Array(repeating: 0, count: floats) }
        var random = SplitMix64(step, grain, grainCount)
        return (0..<floats).map { _ in
            let bits = random.next()
            let significand = 1 + Float(bits >> 41) * 0x1p-23
            return Float(
                sign: bits & 1 == 0 ? .plus : .minus, exponent: Int(bits >> 8 & 0xFFFF) % 54 - 27,
                significand: significand)
        }
    }

    /// The definition: over S grains split at the largest power of two below S, recursively.
    func sum(step: Int) -> [Float] { sum(step, 0..<grainCount) }

    private func sum(_ step: Int, _ grains: Range<Int>) -> [Float] {
        if grains.count == 1 { return vector(step: step, grain: grains.lowerBound) }
        var half = 1
        while half * 2 < grains.count { half *= 2 }
        let left = sum(step, grains.lowerBound..<grains.lowerBound + half)
        let right = sum(step, grains.lowerBound + half..<grains.upperBound)
        return zip(left, right).map { $0 + $1 }
    }
}

/// The bits of floats, which compare −0 and NaN too.
func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }
