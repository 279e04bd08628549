import System

/// Philox 4×32-10, a counter-based random function: 128 random bits from a 64-bit key and a 128-bit counter.
///
/// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3. The same key
/// and counter give the same bits on every rank and thread, so nothing random has state.
@inlinable
package func philox(key: UInt64, counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key >> 32)
    var c = counter
    for _ in 0..<10 {
        let p0 = UInt64(c[0]) &* 0xD251_1F53
        let p1 = UInt64(c[2]) &* 0xCD9E_8D57
        c = SIMD4(
            UInt32(truncatingIfNeeded: p1 >> 32) ^ c[1] ^ k0, UInt32(truncatingIfNeeded: p1),
            UInt32(truncatingIfNeeded: p0 >> 32) ^ c[3] ^ k1, UInt32(truncatingIfNeeded: p0))
        k0 &+= 0x9E37_79B9
        k1 &+= 0xBB67_AE85
    }
    return c
}

/// Sixteen Philox blocks side by side: counters `(first + lane, 0, word2, word3)`, results as four vectors of words.
@inlinable @inline(__always)
package func philox16(
    key: UInt64, first: UInt32, word2: UInt32, word3: UInt32
) -> (SIMD16<UInt32>, SIMD16<UInt32>, SIMD16<UInt32>, SIMD16<UInt32>) {
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key >> 32)
    var c0 = SIMD16<UInt32>(repeating: first) &+ SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    var c1 = SIMD16<UInt32>.zero
    var c2 = SIMD16<UInt32>(repeating: word2)
    var c3 = SIMD16<UInt32>(repeating: word3)
    for _ in 0..<10 {
        let (h0, l0) = wideProduct(c0, 0xD251_1F53)
        let (h1, l1) = wideProduct(c2, 0xCD9E_8D57)
        c0 = h1 ^ c1 ^ SIMD16(repeating: k0)
        c1 = l1
        c2 = h0 ^ c3 ^ SIMD16(repeating: k1)
        c3 = l0
        k0 &+= 0x9E37_79B9
        k1 &+= 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
}

@inlinable @inline(__always)
func wideProduct(_ a: SIMD16<UInt32>, _ b: UInt64) -> (high: SIMD16<UInt32>, low: SIMD16<UInt32>) {
    // Pairs of lanes as numbers of 64 bits, without conversions: those of the standard library are calls of functions.
    let pairs = unsafeBitCast(a, to: SIMD8<UInt64>.self)
    let lower = SIMD8<UInt64>(repeating: 0xFFFF_FFFF)
    let bits = SIMD8<UInt64>(repeating: 32)
    let even = (pairs & lower) &* SIMD8(repeating: b)
    let odd = (pairs &>> bits) &* SIMD8(repeating: b)
    let high = (even &>> bits) | (odd & ~lower)
    let low = (even & lower) | (odd &<< bits)
    return (unsafeBitCast(high, to: SIMD16<UInt32>.self), unsafeBitCast(low, to: SIMD16<UInt32>.self))
}

/// A node in a tree of random streams: derive a key for each purpose, epoch, step and sample, then read numbers by
/// counter.
///
///     RandomKey(seed: 1).folding(.shuffle).folding(epoch).word(at: i)
package struct RandomKey: Hashable, Sendable {
    /// What a stream is used for; streams of different purposes never overlap.
    package enum Purpose: UInt64, Sendable, CaseIterable {
        case initialisation = 1, shuffle, augmentation, dropout, sampling, drawing, split, benchmark, step, latent,
            pictures, pooling
    }

    package let bits: UInt64

    package init(seed: UInt64) { bits = RandomKey.mix(0x7472_6169_6E65_7221, seed) }

    private init(bits: UInt64) { self.bits = bits }

    private static func mix(_ key: UInt64, _ value: UInt64) -> UInt64 {
        let block = philox(
            key: key,
            counter: SIMD4(UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32), 0, 0x666F_6C64))
        return UInt64(block[0]) | UInt64(block[1]) << 32
    }

    /// The key of the stream for `value` below this one.
    package func folding(_ value: UInt64) -> RandomKey { RandomKey(bits: RandomKey.mix(bits, value)) }
    package func folding(_ value: Int) -> RandomKey { folding(UInt64(bitPattern: Int64(value))) }
    package func folding(_ purpose: Purpose) -> RandomKey { folding(purpose.rawValue) }
    /// The key of the stream for what has this name.
    package func folding(name: String) -> RandomKey { folding(fnv1a(name)) }

    /// Four random 32-bit words at position `counter` of this stream.
    @inlinable
    package func block(at counter: UInt64) -> SIMD4<UInt32> {
        philox(
            key: bits,
            counter: SIMD4(UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), 0, 0))
    }

    /// A number uniform in [0, 1) with 24 random bits.
    @inlinable
    package func uniform(at counter: UInt64) -> Float { RandomKey.unit(block(at: counter)[0]) }

    /// An integer uniform in 0..<`bound` (multiply-high, bias below bound / 2⁶⁴).
    @inlinable
    package func integer(at counter: UInt64, below bound: Int) -> Int {
        let b = block(at: counter)
        return Int((UInt64(b[0]) | UInt64(b[1]) << 32).multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Two independent standard normal numbers (Box and Muller 1958).
    package func normals(at counter: UInt64) -> (Float, Float) {
        let b = block(at: counter)
        let radius = (-2 * Double.logarithm((Double(b[0]) + 1) * 0x1p-32)).squareRoot()
        let angle = 2 * Double.pi * Double(b[1]) * 0x1p-32
        return (Float(radius * Double.cosine(angle)), Float(radius * Double.sine(angle)))
    }

    /// Maps a random word to [0, 1) with 24 bits.
    @inlinable @inline(__always)
    package static func unit(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
}
