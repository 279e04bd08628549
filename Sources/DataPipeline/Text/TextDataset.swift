import TensorCore

/// A text file as tokens, cut into windows of T tokens that follow each other: sample i is the window that begins i·T
/// tokens after the part's start.
///
/// Fields are `tokens` [T] and `next` [T], the tokens that follow. Parts are runs of the file, because neighbouring
/// windows of a text are too alike to be drawn apart: the last fraction of the file's bytes is the test; what is set
/// aside for validation is the end of what stands before it. At the end of a part up to T tokens are left out, since a
/// window has a successor for each of its tokens.
package struct TextDataset: Dataset {
    package let name: String
    package let count: Int
    package let fields: [FieldDescription]
    package let defaultInput = "tokens"
    package let defaultTarget: String? = "next"
    package let isSequence = true
    private let text: SharedBytes
    private let start: Int
    private let window: Int
    private let source: Source

    /// Where the part's tokens are.
    private enum Source {
        /// Each byte of the mapped file is one: these, by byte.
        case bytes([Int32])
        /// The part has been encoded.
        case tokens([Int32])
    }

    /// - Throws: `DataError.emptyFile`, `textTooShort`, `invalidUTF8`, `bytePairCount`.
    init(_ text: SharedBytes, settings: Text, split: DatasetSplit) throws(DataError) {
        if text.count == 0 { throw .emptyFile(path: text.path) }
        let cut = TextDataset.cut(text, settings)
        let (start, end) = split == .train ? (0, cut) : (cut, text.count)
        let vocabulary = try TextDataset.vocabulary(of: text, settings, trainingBytes: cut)
        let (source, length) = try TextDataset.source(text, start..<end, vocabulary)
        guard length > settings.window else {
            throw .textTooShort(path: text.path, part: split.rawValue, tokens: length, window: settings.window)
        }
        name = "text/\(split.rawValue)"
        fields = ["tokens", "next"].map { name in
            FieldDescription(
                name: name, elementType: .int32, shape: [settings.window],
                meaning: .tokens(vocabulary: vocabulary.words))
        }
        count = (length - 1) / settings.window
        window = settings.window
        self.text = text
        self.start = start
        self.source = source
    }

    package var exports: [String: SharedBytes.Export] { text.exported.map { [text.path: $0] } ?? [:] }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        for number in [count, start, window, fields[0].meaning.choiceCount ?? 0] { hash.feed(number) }
        if case .tokens = source { for word in fields[0].meaning.choiceNames { hash.feed(word) } }
        text.withUnsafeBytes { hash.feed($0) }
        return hash.value
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(
            index >= 0 && index < count && (0...1).contains(field) && buffer.count == window,
            "\(name): no window \(index) of \(count) with \(buffer.count) tokens in field \(field)")
        let first = index * window + field
        switch source {
        case .bytes(let table):
            text.withUnsafeBytes { bytes in
                for offset in 0..<window { buffer[offset] = table[Int(bytes[start + first + offset])] }
            }
        case .tokens(let tokens):
            for offset in 0..<window { buffer[offset] = tokens[first + offset] }
        }
    }
}

// MARK: - Opening

extension TextDataset {
    /// Where the test part begins: between two characters, where tokens may be longer than a byte.
    private static func cut(_ text: SharedBytes, _ settings: Text) -> Int {
        let cut = text.count - Int((settings.test * Double(text.count)).rounded())
        return settings.vocabulary.isOfSingleBytes ? cut : text.withUnsafeBytes { UTF8Text.boundary($0, from: cut) }
    }

    /// The tokens of the whole file, which both parts share; pairs are learned from the training part.
    private static func vocabulary(
        of text: SharedBytes, _ settings: Text, trainingBytes: Int
    ) throws(DataError) -> TextVocabulary {
        var isUsed = [Bool](repeating: settings.vocabulary == .bytes, count: 256)
        text.withUnsafeBytes { bytes in for byte in bytes { isUsed[Int(byte)] = true } }
        let bytes = (0...255).filter { isUsed[Int($0)] }.map(UInt8.init)
        switch settings.vocabulary {
        case .bytes, .distinct: return TextVocabulary(bytes: bytes)
        case .characters: return try characters(of: text)
        case .bytePairs(let count):
            guard count > bytes.count else {
                throw .bytePairCount(path: text.path, asked: count, problem: .tooFew(distinct: bytes.count))
            }
            let tokens = text.withUnsafeBytes { whole in
                var learner = BytePairLearner(UnsafeRawBufferPointer(rebasing: whole[..<trainingBytes]), base: bytes)
                learner.learn(count: count)
                return learner.tokens
            }
            guard tokens.count == count else {
                throw .bytePairCount(path: text.path, asked: count, problem: .tooMany(possible: tokens.count))
            }
            return TextVocabulary(tokens: tokens)
        }
    }

    /// The different characters, in Unicode's order.
    private static func characters(of text: SharedBytes) throws(DataError) -> TextVocabulary {
        var found: Set<UInt32> = []
        let wrong = text.withUnsafeBytes { bytes in UTF8Text.forEach(bytes) { found.insert($0) } }
        if let wrong {
            let line = text.withUnsafeBytes { 1 + $0[..<wrong].count { $0 == UInt8(ascii: "\n") } }
            throw .invalidUTF8(path: text.path, line: line, offset: wrong)
        }
        return TextVocabulary(
            tokens: found.sorted().compactMap { Unicode.Scalar($0) }.map { Array(String($0).utf8) })
    }

    /// The tokens of a part, and how many they are.
    private static func source(
        _ text: SharedBytes, _ part: Range<Int>, _ vocabulary: TextVocabulary
    ) throws(DataError) -> (Source, length: Int) {
        if vocabulary.tokens.allSatisfy({ $0.count == 1 }) {
            var table = [Int32](repeating: -1, count: 256)
            for (token, bytes) in vocabulary.tokens.enumerated() { table[Int(bytes[0])] = Int32(token) }
            return (.bytes(table), part.count)
        }
        let tokens = text.withUnsafeBytes { bytes in
            Result { () throws(TextVocabulary.UnknownCharacter) in
                try vocabulary.encode(UnsafeRawBufferPointer(rebasing: bytes[part]))
            }
        }
        switch tokens {
        case .success(let tokens): return (.tokens(tokens), tokens.count)
        case .failure(let unknown):
            preconditionFailure("TextDataset: \(unknown.character) of \(text.path) is in no token of its vocabulary")
        }
    }
}
