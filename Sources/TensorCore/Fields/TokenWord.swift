/// How the bytes of a token are written as a word of a vocabulary, and read back; words are kept with trained weights.
///
/// Bytes that are UTF-8 are the text itself. Others are written one by one, `<0xE9>`, and so is a text that would be
/// read as such: every sequence of bytes has one word, and no two have the same.
package enum TokenWord {
    /// The word of at least one byte.
    package static func word(of bytes: [UInt8]) -> String {
        precondition(!bytes.isEmpty, "TokenWord: a token without bytes")
        if escapedBytes(bytes) == nil, let text = String(validating: bytes, as: UTF8.self) { return text }
        return bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "<0x" + (digits.count < 2 ? "0" : "") + digits + ">"
        }.joined()
    }

    /// The bytes that a word stands for.
    package static func bytes(of word: String) -> [UInt8] {
        let text = Array(word.utf8)
        return escapedBytes(text) ?? text
    }

    /// The characters (Unicode scalars) that begin in a token: its bytes that do not continue one in UTF-8.
    ///
    /// Of a text cut into tokens the sum is the number of its characters, wherever the cuts are.
    package static func characterCount(of bytes: [UInt8]) -> Int { bytes.count { $0 & 0xC0 != 0x80 } }

    /// The bytes of a text that consists of `<0xHH>` alone; nil of any other.
    private static func escapedBytes(_ text: [UInt8]) -> [UInt8]? {
        guard !text.isEmpty, text.count % 6 == 0 else { return nil }
        var bytes: [UInt8] = []
        for first in stride(from: 0, to: text.count, by: 6) {
            guard text[first..<first + 3].elementsEqual("<0x".utf8), text[first + 5] == UInt8(ascii: ">"),
                let high = digit(text[first + 3]), let low = digit(text[first + 4])
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
