/// The bytes that are words of a text, in increasing order; a token is a place in it.
package struct TextVocabulary: Equatable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// The vocabulary whose words are these; nil when one of them is no byte.
    package init?(words: [String]) {
        let bytes = words.compactMap(TextVocabulary.byte)
        guard bytes.count == words.count else { return nil }
        self.bytes = bytes
    }

    /// The words: an ASCII character is itself, another byte is written `<0xE9>`.
    package var words: [String] { bytes.map(TextVocabulary.word) }

    private static func word(_ byte: UInt8) -> String {
        if byte < 128 { return String(Unicode.Scalar(byte)) }
        return "<0x" + String(byte, radix: 16, uppercase: true) + ">"
    }

    private static func byte(_ word: String) -> UInt8? {
        if word.utf8.count == 1 { return word.utf8.first }
        guard word.hasPrefix("<0x"), word.hasSuffix(">") else { return nil }
        return UInt8(word.dropFirst(3).dropLast(), radix: 16)
    }
}
