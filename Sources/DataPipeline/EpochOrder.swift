import Kernels

/// The order in which an epoch visits its samples: a keyed bijection on 0..<`count`, computed and not stored.
///
/// A balanced Feistel network (Luby and Rackoff 1988) of six rounds on ⌈log₂ count⌉ bits, rounded up to even, permutes
/// a power of four; images outside 0..<count are permuted again until they fall inside (cycle walking, Black and
/// Rogaway 2002, section 4), fewer than four times on average. The six round keys are Philox words of the given key;
/// the round function mixes one half with its key by multiplications, which is quick and good enough for shuffling (it
/// is not a cipher). Constant memory; tens of nanoseconds an element for any count.
package struct EpochOrder: Sendable, Equatable {
    /// How many elements are permuted.
    package let count: Int
    private let halfBits: UInt64
    private let roundKeys: SIMD8<UInt64>  // six are used
    private static let rounds = 6

    /// The permutation of 0..<`count` that belongs to `key`.
    package init(count: Int, key: RandomKey) {
        precondition(count >= 0, "EpochOrder: negative count \(count)")
        self.count = count
        let bits = count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
        halfBits = UInt64((bits + 1) / 2)
        var keys = SIMD8<UInt64>.zero
        for pair in 0..<EpochOrder.rounds / 2 {
            let words = key.block(at: UInt64(pair))
            keys[2 * pair] = UInt64(words[0]) | UInt64(words[1]) << 32
            keys[2 * pair + 1] = UInt64(words[2]) | UInt64(words[3]) << 32
        }
        roundKeys = keys
    }

    /// The element at `position`.
    package subscript(position: Int) -> Int {
        precondition(position >= 0 && position < count, "EpochOrder: position \(position) is outside 0..<\(count)")
        var value = UInt64(position)
        repeat { value = permuted(value) } while value >= UInt64(count)
        return Int(value)
    }

    /// One pass of the network over 2·halfBits bits.
    private func permuted(_ value: UInt64) -> UInt64 {
        let mask = (1 &<< halfBits) &- 1
        var left = value &>> halfBits
        var right = value & mask
        for round in 0..<EpochOrder.rounds {
            (left, right) = (right, (left ^ EpochOrder.mixed(right, roundKeys[round])) & mask)
        }
        return left &<< halfBits | right
    }

    /// A keyed hash of one half; the multipliers are those of SplitMix64 (Steele, Lea and Flood 2014).
    @inline(__always)
    private static func mixed(_ half: UInt64, _ key: UInt64) -> UInt64 {
        var x = (half ^ key) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x &>> 32)) &* 0x94D0_49BB_1331_11EB
        return x &>> 32
    }
}
