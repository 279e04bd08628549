import Kernels

/// The numbers of one drawing, read one after the other from its key.
struct NumberStream {
    private let key: RandomKey
    private var counter: UInt64 = 0

    init(key: RandomKey) { self.key = key }

    private mutating func nextBlock() -> SIMD4<UInt32> {
        defer { counter += 1 }
        return key.block(at: counter)
    }

    mutating func uniform() -> Float { RandomKey.unit(nextBlock()[0]) }

    mutating func uniform(in range: ClosedRange<Float>) -> Float {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }

    mutating func integer(below bound: Int) -> Int { Int((UInt64(nextBlock()[0]) * UInt64(bound)) >> 32) }

    /// Two numbers of mean 0 and deviation 1, nearly normal: each a sum of four uniform ones, so bounded by 2√3.
    mutating func normalPair() -> SIMD2<Float> {
        let words = nextBlock()
        let low = SIMD4<Float>(words & 0xFFFF)
        let high = SIMD4<Float>(words &>> 16)
        return (SIMD2(low.sum(), high.sum()) * (1 / 65_535) - 2) * 1.732_050_8
    }
}
