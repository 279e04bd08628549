import DataPipeline

/// Writes generated tokens as a text: each character as soon as it is complete, the prime before them, a line's end
/// behind.
final class TextSink: GenerationSink {
    /// Writes bytes; false when nobody reads them any more.
    typealias Writer = (UnsafeRawBufferPointer) throws -> Bool

    let beginning: [Int]
    private let vocabulary: TextVocabulary
    private let prime: Prime?
    private let length: Int
    private let write: Writer
    private var assembler = CharacterAssembler()
    private var count = 0
    private var isRead = true

    /// - Parameters:
    ///   - prime: nil to begin as after a line's end.
    ///   - length: characters to write, beside the prime.
    /// - Throws: `GenerationError.unknownCharacter`, `noBeginning`.
    init(
        _ vocabulary: TextVocabulary, prime: Prime?, length: Int, write: @escaping Writer
    ) throws(GenerationError) {
        self.vocabulary = vocabulary
        self.prime = prime
        self.length = length
        self.write = write
        let text = Array((prime?.text ?? "\n").utf8)
        do throws(TextVocabulary.UnknownCharacter) {
            beginning = try vocabulary.encode(text).map(Int.init)
        } catch {
            if prime == nil { throw .noBeginning }
            let before = String(decoding: text[..<error.offset], as: UTF8.self).unicodeScalars.count
            throw .unknownCharacter(
                character: error.character, place: before + 1, tokens: vocabulary.tokens.count)
        }
    }

    func begin() throws {
        if let prime { isRead = try Array(prime.shown.utf8).withUnsafeBytes(write) }
    }

    func take(_ choice: Int) throws -> Bool {
        for byte in vocabulary.tokens[choice] where wantsMore { try assembler.append(byte, add) }
        return wantsMore
    }

    func end() throws {
        if wantsMore { try assembler.finish(add) }
        if isRead { _ = try [UInt8(ascii: "\n")].withUnsafeBytes(write) }
    }

    private var wantsMore: Bool { isRead && count < length }

    private func add(_ character: UnsafeRawBufferPointer) throws {
        if !wantsMore { return }
        isRead = try write(character)
        count += 1
    }
}
