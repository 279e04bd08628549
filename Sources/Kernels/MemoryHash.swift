/// A 64-bit hash of memory, at the speed at which it can be read; for finding damage, not for security.
///
/// 32 lanes of 64 bits, word w goes to lane w mod 32: h ← rotate(h xor word, 29) · K with K odd, as multiplicative hashes
/// do it (Knuth, The Art of Computer Programming 3, section 6.4; the lanes as in Collet's xxHash). Every operation is
/// a bijection of the lane for a fixed word and of the word for a fixed lane, and so is the fold of the lanes: a change within one
/// word, be it one bit, always changes the hash; any other change goes unseen with probability 2⁻⁶⁴. The rotation brings the
/// highest bits, which a product keeps to themselves, down again. The end is filled up with zeros.
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
    let x = hash ^ next
    let product = (x << 29 | x >> 35) &* hashFactor
    return product ^ product >> 32
}

private let hashStart: UInt64 = 0x9E37_79B9_7F4A_7C15
/// Odd, and prime, as xxHash's second factor.
private let hashFactor: UInt64 = 0xC2B2_AE3D_27D4_EB4F

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
    let x = lanes ^ words
    return (x &<< 29 | x &>> 35) &* hashFactor
}
