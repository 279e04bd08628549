/// The characters (Unicode scalars) of bytes in UTF-8.
enum UTF8Text {
    /// The character at `offset` and its bytes; nil where they are no UTF-8 (RFC 3629, section 3).
    static func scalar(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (value: UInt32, count: Int)? {
        let first = bytes[offset]
        let (count, least): (Int, UInt32) =
            switch first {
            case 0..<0x80: (1, 0)
            case 0xC2...0xDF: (2, 0x80)
            case 0xE0...0xEF: (3, 0x800)
            case 0xF0...0xF4: (4, 0x10000)
            default: (0, 0)
            }
        guard count > 0, offset + count <= bytes.count else { return nil }
        var value = count == 1 ? UInt32(first) : UInt32(first) & (0x7F >> UInt32(count))
        for byte in bytes[offset + 1..<offset + count] {
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        // Too long a form, the halves of a UTF-16 pair, and what lies beyond Unicode are no characters.
        guard value >= least, Unicode.Scalar(value) != nil else { return nil }
        return (value, count)
    }

    /// Calls `body` with each character.
    ///
    /// - Returns: the offset of the first byte that is no part of one; nil where there is none such.
    static func forEach(_ bytes: UnsafeRawBufferPointer, _ body: (UInt32) -> Void) -> Int? {
        var offset = 0
        while offset < bytes.count {
            guard let (value, count) = scalar(bytes, at: offset) else { return offset }
            body(value)
            offset += count
        }
        return nil
    }

    /// The first place from `offset` on where a character can begin.
    static func boundary(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        var place = offset
        while place < bytes.count, place < offset + 3, bytes[place] & 0xC0 == 0x80 { place += 1 }
        return place
    }
}
