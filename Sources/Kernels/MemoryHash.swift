/// A 64-bit hash of memory, at the speed at which it can be read; for finding damage, not for security.
///
/// 64 lanes of 64 bits, word w goes to lane w mod 64: h ← (h xor word) · K, h ← (h xor (h shifted right by 32)) · L
/// with K and L odd, as in the finish of MurmurHash3 (Appleby 2011); lanes as in xxHash (Collet 2012), folded in pairs
/// by the same step. Every operation is a bijection of the lane for a fixed word and of the word for a fixed lane, and
/// so is the fold of the lanes: a change within one word, be it one bit, always changes the hash. The second product
/// makes a change of a word's high bits, which the first keeps to themselves, too wide to be undone by a change of few
/// bits in another word. The end is filled up with zeros.
///
/// One core of an AMD EPYC (family 26, AVX-512): 120 GB/s from the second-level cache, 95 from the third, 44 from
/// memory; with AVX2, which has no 64-bit product, 25.
package func memoryHash(_ memory: UnsafeRawPointer, byteCount: Int, seed: UInt64 = 0) -> UInt64 {
    let start = seed ^ hashStart
    var lanes = HashLanes(start)
    let whole = byteCount & ~(HashLanes.blockByteCount - 1)
    var offset = 0
    while offset < whole {
        lanes.absorb(memory + offset)
        offset += HashLanes.blockByteCount
    }
    if whole < byteCount {
        withUnsafeTemporaryAllocation(byteCount: HashLanes.blockByteCount, alignment: 64) { block in
            block.initializeMemory(as: UInt8.self, repeating: 0)
            block.copyMemory(from: UnsafeRawBufferPointer(start: memory + whole, count: byteCount - whole))
            if let base = block.baseAddress { lanes.absorb(UnsafeRawPointer(base)) }
        }
    }
    return lanes.folded(from: start)
}

/// One hash of two: a bijection of each for a fixed other.
package func combinedHash(_ hash: UInt64, _ next: UInt64) -> UInt64 {
    let x = (hash ^ next) &* firstFactor
    return (x ^ x >> 32) &* secondFactor
}

private let hashStart: UInt64 = 0x9E37_79B9_7F4A_7C15
// MurmurHash3's.
private let firstFactor: UInt64 = 0xFF51_AFD7_ED55_8CCD
private let secondFactor: UInt64 = 0xC4CE_B9FE_1A85_EC53

/// ``combinedHash(_:_:)`` of eight lanes.
@inline(__always)
private func combined(_ lanes: SIMD8<UInt64>, _ words: SIMD8<UInt64>) -> SIMD8<UInt64> {
    let x = (lanes ^ words) &* firstFactor
    return (x ^ x &>> 32) &* secondFactor
}

/// The state of a hash: eight vectors, so that a product can begin in every cycle while others are under way.
private struct HashLanes {
    static let blockByteCount = 512

    private var a, b, c, d, e, f, g, h: SIMD8<UInt64>

    @inline(__always)
    init(_ start: UInt64) {
        a = SIMD8(repeating: start)
        b = a &+ 1
        c = a &+ 2
        d = a &+ 3
        e = a &+ 4
        f = a &+ 5
        g = a &+ 6
        h = a &+ 7
    }

    /// Takes ``blockByteCount`` bytes in.
    @inline(__always)
    mutating func absorb(_ block: UnsafeRawPointer) {
        a = combined(a, block.loadUnaligned(as: SIMD8<UInt64>.self))
        b = combined(b, (block + 64).loadUnaligned(as: SIMD8<UInt64>.self))
        c = combined(c, (block + 128).loadUnaligned(as: SIMD8<UInt64>.self))
        d = combined(d, (block + 192).loadUnaligned(as: SIMD8<UInt64>.self))
        e = combined(e, (block + 256).loadUnaligned(as: SIMD8<UInt64>.self))
        f = combined(f, (block + 320).loadUnaligned(as: SIMD8<UInt64>.self))
        g = combined(g, (block + 384).loadUnaligned(as: SIMD8<UInt64>.self))
        h = combined(h, (block + 448).loadUnaligned(as: SIMD8<UInt64>.self))
    }

    /// One hash of all lanes.
    @inline(__always)
    func folded(from start: UInt64) -> UInt64 {
        let all = combined(combined(combined(a, b), combined(c, d)), combined(combined(e, f), combined(g, h)))
        var hash = start
        for lane in 0..<8 { hash = combinedHash(hash, all[lane]) }
        return hash
    }
}
