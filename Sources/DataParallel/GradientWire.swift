/// The numbers in which gradients travel between hosts. Ranks that share memory read each other's sums in place and
/// send none.
package enum GradientWire: String, CaseIterable, Sendable {
    /// As they are: the result has the same bits for any ranks.
    case float32
    /// Rounded to the nearest bfloat16, ties to even: half the bytes. Sums are still made in Float, but what is rounded
    /// depends on the ranks, so the result's bits do too; every rank has the same.
    case bfloat16
}

/// The nearest bfloat16 of a Float, ties to even: its sign, exponent and first 7 bits of the significand; NaN stays
/// NaN.
///
/// The relative error of normal numbers is at most 2⁻⁸.
package func bfloat16Bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let rounded = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    let quiet = UInt16(truncatingIfNeeded: bits >> 16) | 0x40
    return bits & 0x7FFF_FFFF > 0x7F80_0000 ? quiet : rounded
}

/// The Float of the same value.
package func float(bfloat16Bits bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

/// How ranges of the flat vector are written into messages: the first floats as bfloat16, the others as they are.
struct WireFormat: Sendable {
    /// Floats at the vector's front that travel as bfloat16; a multiple of 16.
    let shortened: Int

    init(shortened: Int) {
        precondition(
            shortened >= 0 && shortened % 16 == 0, "WireFormat: \(shortened) floats are not whole 64-byte lines")
        self.shortened = shortened
    }

    /// Whether messages are the vector's own bytes.
    var isPlain: Bool { shortened == 0 }

    /// Bytes of a range's message.
    func byteCount(_ range: Range<Int>) -> Int {
        let short = shortCount(range)
        return short * 2 + (range.count - short) * 4
    }

    /// Writes a message.
    ///
    /// - Parameter source: the range's first float.
    func pack(_ source: UnsafePointer<Float>, _ range: Range<Int>, into message: UnsafeMutableRawPointer) {
        let short = shortCount(range)
        let words = message.assumingMemoryBound(to: UInt16.self)
        for index in 0..<short { words[index] = bfloat16Bits(source[index]) }
        (message + short * 2).copyMemory(from: source + short, byteCount: (range.count - short) * 4)
    }

    /// Reads a message.
    func unpack(_ message: UnsafeRawPointer, _ range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
        let short = shortCount(range)
        let words = message.assumingMemoryBound(to: UInt16.self)
        for index in 0..<short { destination[index] = float(bfloat16Bits: words[index]) }
        UnsafeMutableRawPointer(destination + short).copyMemory(
            from: message + short * 2, byteCount: (range.count - short) * 4)
    }

    /// Gives the range the values that its message would bring to others.
    func round(_ floats: UnsafeMutablePointer<Float>, _ range: Range<Int>) {
        for index in 0..<shortCount(range) { floats[index] = float(bfloat16Bits: bfloat16Bits(floats[index])) }
    }

    private func shortCount(_ range: Range<Int>) -> Int { max(0, min(range.upperBound, shortened) - range.lowerBound) }
}
