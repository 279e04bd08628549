/// Where random test values come from; kinks and poles of a function are left out, since it has no derivative there.
package enum TestDomain: Sendable {
    /// Uniform in `range`.
    case uniform(ClosedRange<Double>)
    /// Uniform in −2…2, but not within 0.05 of any of these points.
    case away(from: [Double])
    /// All values different, by at least 1/64: for maxima.
    case distinct

    /// Uniform in −2…2.
    package static let standard = TestDomain.uniform(-2...2)
}

/// Reproducible numbers for tests: SplitMix64 (Steele, Lea and Flood 2014), which shares nothing with the code under
/// test.
package struct TestNumbers {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func word() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in 0..<1.
    package mutating func uniform() -> Double { Double(word() >> 11) * 0x1p-53 }

    /// Uniform in `range`, rounded to single precision.
    package mutating func float(in range: ClosedRange<Double> = -2...2) -> Float {
        Float(range.lowerBound + (range.upperBound - range.lowerBound) * uniform())
    }

    package mutating func integer(below bound: Int) -> Int { Int(word() % UInt64(bound)) }

    /// `count` values of `domain`.
    package mutating func floats(_ count: Int, _ domain: TestDomain = .standard) -> [Float] {
        switch domain {
        case .uniform(let range): return (0..<count).map { _ in float(in: range) }
        case .away(let points):
            return (0..<count).map { _ in
                var value = float()
                while points.contains(where: { abs(Double(value) - $0) < 0.05 }) { value = float() }
                return value
            }
        case .distinct:
            var values = (0..<count).map { Float($0 - count / 2) / 64 }
            for i in values.indices.reversed() { values.swapAt(i, integer(below: i + 1)) }
            return values
        }
    }
}
