import TensorCore

/// A text file as bytes, cut into windows of T bytes that follow each other: sample i is the window that begins i·T
/// bytes after the part's start.
///
/// Fields are `tokens` [T] and `next` [T], the tokens one byte later. Parts are runs of the file, because neighbouring
/// windows of a text are too alike to be drawn apart: the last fraction of the file is the test; what is set aside for
/// validation is the end of what stands before it. At the end of a part up to T bytes are left out, since a window has
/// a successor for each of its bytes.
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
    /// The token of each byte; −1 for one that the file does not have.
    private let tokens: [Int32]

    init(_ text: SharedBytes, settings: Text, split: DatasetSplit) throws(DataError) {
        let held = Int((settings.test * Double(text.count)).rounded())
        let (start, end) = split == .train ? (0, text.count - held) : (text.count - held, text.count)
        guard end - start > settings.window else {
            throw .textTooShort(
                path: text.path, part: split.rawValue, bytes: end - start, window: settings.window)
        }
        var isUsed = [Bool](repeating: settings.vocabulary == .bytes, count: 256)
        text.withUnsafeBytes { bytes in for byte in bytes { isUsed[Int(byte)] = true } }
        let vocabulary = TextVocabulary(bytes: (0...255).filter { isUsed[Int($0)] })
        var tokens = [Int32](repeating: -1, count: 256)
        for (token, byte) in vocabulary.bytes.enumerated() { tokens[Int(byte)] = Int32(token) }
        name = "text/\(split.rawValue)"
        fields = ["tokens", "next"].map { name in
            FieldDescription(
                name: name, elementType: .int32, shape: [settings.window],
                meaning: .tokens(vocabulary: vocabulary.words))
        }
        count = (end - start - 1) / settings.window
        window = settings.window
        self.text = text
        self.start = start
        self.tokens = tokens
    }

    package var exports: [String: SharedBytes.Export] { text.exported.map { [text.path: $0] } ?? [:] }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        for number in [count, start, window, fields[0].meaning.choiceCount ?? 0] { hash.feed(number) }
        text.withUnsafeBytes { hash.feed($0) }
        return hash.value
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(
            index >= 0 && index < count && (0...1).contains(field) && buffer.count == window,
            "\(name): no window \(index) of \(count) with \(buffer.count) bytes in field \(field)")
        let first = start + index * window + field
        text.withUnsafeBytes { bytes in
            for offset in 0..<window { buffer[offset] = tokens[Int(bytes[first + offset])] }
        }
    }
}
