import TensorCore

/// Writes a generated answer as its words, up to the word that ends it, and a line's end.
final class AnswerSink: GenerationSink {
    let beginning: [Int]
    private let words: [String]
    private let endToken: Int
    /// The most words.
    private let length: Int
    private let write: TextSink.Writer
    private var count = 0
    private var isRead = true

    /// - Returns: nil where the words are none of an answer, which has a start and an end.
    init?(_ words: [String], length: Int, write: @escaping TextSink.Writer) {
        guard let start = words.firstIndex(of: FieldMeaning.startWord),
            let end = words.firstIndex(of: FieldMeaning.endWord)
        else { return nil }
        beginning = [start]
        self.words = words
        endToken = end
        self.length = length
        self.write = write
    }

    func begin() throws {}

    func take(_ choice: Int) throws -> Bool {
        if choice == endToken { return false }
        let separator = count > 0 && !AnswerSink.areLetters(words) ? " " : ""
        isRead = try Array((separator + words[choice]).utf8).withUnsafeBytes(write)
        count += 1
        return isRead && count < length
    }

    func end() throws {
        if isRead { _ = try [UInt8(ascii: "\n")].withUnsafeBytes(write) }
    }

    /// Whether words follow each other without spaces: each is one character, but for the start and the end.
    static func areLetters(_ words: [String]) -> Bool {
        words.allSatisfy { $0.count == 1 || $0 == FieldMeaning.startWord || $0 == FieldMeaning.endWord }
    }

    /// What somebody typed as words of a vocabulary: characters, or what stands between spaces.
    ///
    /// - Throws: `GenerationError.unknownClass`, `emptySequence`.
    static func tokens(_ text: String, of field: FieldDescription) throws(GenerationError) -> [Int] {
        let words = field.meaning.choiceNames
        let parts =
            areLetters(words) ? text.map(String.init) : text.split(separator: " ").map(String.init)
        guard !parts.isEmpty else { throw .emptySequence(field: field.name) }
        guard parts.count <= field.shape[0] else {
            throw .longSequence(field: field.name, count: parts.count, most: field.shape[0])
        }
        var result: [Int] = []
        for part in parts {
            guard let token = words.firstIndex(of: part), part != FieldMeaning.startWord, part != FieldMeaning.endWord
            else { throw .unknownClass(field: field.name, name: part, known: words.filter { !$0.hasPrefix("<") }) }
            result.append(token)
        }
        return result
    }
}
