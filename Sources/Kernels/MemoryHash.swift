/// A 64-bit hash of memory, at the speed at which it can be read; for finding damage, not for security.
///
/// 32 lanes of 64 bits, word w goes to lane w mod 32: h ← (h xor word) · K, h ← (h xor (h shifted right by 32)) · L with K and L odd,
/// as in the finish of MurmurHash3 (Appleby 2011); lanes as in xxHash (Collet 2012). Every operation is a bijection of the
/// lane for a fixed word and of the word for a fixed lane, and so is the fold of the lanes: a change within one
/// word, be it one bit, always changes the hash. The second product makes a change of a word's high bits, which the first keeps to
/// themselves, too wide to be undone by a change of few bits in another word. The end is filled up with zeros.
public func memoryHash(_ memory: UnsafeRawPointer, byteCount: Int, seed: UInt64 = 0) -> UInt64 {
    let start = seed ^ hashStart
    var a = SIMD8<UInt64>(repeating: start)
    var b = a &+ 1
    var c = a &+ 2
    var d = a &+ 3
    let whole = byteCount & ~255
    var offset = 0
    while offset < whole {
        absorb(&a, &b, &c, &d, memory + offset)
        offset += 256
    }
    if whole < byteCount {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 64) { block in
            block.initializeMemory(as: UInt8.self, repeating: 0)
            block.copyMemory(from: UnsafeRawBufferPointer(start: memory + whole, count: byteCount - whole))
            if let base = block.baseAddress { absorb(&a, &b, &c, &d, UnsafeRawPointer(base)) }
        }
    }
    var hash = start
    for lanes in [a, b, c, d] {
        for lane in 0..<8 { hash = combinedHash(hash, lanes[lane]) }
    }
    return hash
}

/// One hash of two: a bijection of each for a fixed other.
public func combinedHash(_ hash: UInt64, _ next: UInt64) -> UInt64 {
    let x = (hash ^ next) &* firstFactor
    return (x ^ x >> 32) &* secondFactor
}

private let hashStart: UInt64 = 0x9E37_79B9_7F4A_7C15
// MurmurHash3's.
private let firstFactor: UInt64 = 0xFF51_AFD7_ED55_8CCD
private let secondFactor: UInt64 = 0xC4CE_B9FE_1A85_EC53

@inline(__always)
private func absorb(
    _ a: inout SIMD8<UInt64>, _ b: inout SIMD8<UInt64>, _ c: inout SIMD8<UInt64>, _ d: inout SIMD8<UInt64>, _ block: UnsafeRawPointer
) {
    a = absorbed(a, block.loadUnaligned(as: SIMD8<UInt64>.self))
    b = absorbed(b, (block + 64).loadUnaligned(as: SIMD8<UInt64>.self))
    c = absorbed(c, (block + 128).loadUnaligned(as: SIMD8<UInt64>.self))
    d = absorbed(d, (block + 192).loadUnaligned(as: SIMD8<UInt64>.self))
}

@inline(__always)
private func absorbed(_ lanes: SIMD8<UInt64>, _ words: SIMD8<UInt64>) -> SIMD8<UInt64> {
    let x = (lanes ^ words) &* firstFactor
    return (x ^ x &>> 32) &* secondFactor
}
