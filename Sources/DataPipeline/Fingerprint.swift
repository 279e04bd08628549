/// A 64-bit hash of bytes and numbers, fed piece by piece; for telling data apart, not against an adversary.
///
/// Four lanes of multiply and xor-shift over 32-byte blocks, so that it runs at memory speed. Every step is a bijection
/// of the lane for a given word, so a single changed word always changes the result before the final fold.
package struct Fingerprint: Sendable {
    private var state: UInt64 = 0x243F_6A88_85A3_08D3
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init() {}

    /// The hash of all that was fed.
    package var value: UInt64 { Fingerprint.mixed(state, 0) }

    /// Adds a number.
    package mutating func feed(_ number: Int) { state = Fingerprint.mixed(state, UInt64(bitPattern: Int64(number))) }

    /// Adds the UTF-8 bytes of `text`.
    package mutating func feed(_ text: String) {
        var copy = text
        copy.withUTF8 { feed(UnsafeRawBufferPointer($0)) }
    }

    /// Adds `bytes` and their number.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        feed(bytes.count)
        var lanes = SIMD4<UInt64>(0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
        let whole = bytes.count / 32 * 32
        var offset = 0
        while offset < whole {
            let words = SIMD4(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self))
            lanes = (lanes ^ words) &* SIMD4(repeating: Fingerprint.multiplier)
            lanes ^= lanes &>> 29
            offset += 32
        }
        for lane in 0..<4 { state = Fingerprint.mixed(state, lanes[lane]) }
        for byte in bytes[whole...] { state = Fingerprint.mixed(state, UInt64(byte)) }
    }

    private static func mixed(_ state: UInt64, _ word: UInt64) -> UInt64 {
        var x = (state ^ word) &* multiplier
        x ^= x &>> 32
        x = x &* 0xD6E8_FEB8_6659_FD93
        return x ^ (x &>> 29)
    }
}

extension SIMD4<UInt64> {
    fileprivate init(littleEndian words: SIMD4<UInt64>) {
        self.init(
            UInt64(littleEndian: words[0]), UInt64(littleEndian: words[1]), UInt64(littleEndian: words[2]),
            UInt64(littleEndian: words[3]))
    }
}
