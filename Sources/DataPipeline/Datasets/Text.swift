import ConfigurationReading

/// A text file cut into windows of bytes, see `TextDataset`.
package struct Text: DatasetFactory {
    package static let name = "text"
    package static let documentation =
        "A text file as bytes, cut into windows: fields `tokens` and `next`, the same one byte later. Parts are cut by "
        + "position: training, then validation, then test."
    package static let location = DatasetLocation.file

    /// Which bytes are words of the vocabulary.
    package enum Vocabulary: String, CaseIterable, Sendable {
        /// Those that the file has.
        case distinct
        /// All 256.
        case bytes
    }

    /// T, the bytes of a window.
    package let window: Int
    package let vocabulary: Vocabulary
    /// The part of the file, at its end, that is the test.
    package let test: Double

    package init(window: Int, vocabulary: Vocabulary = .distinct, test: Double = 0.1) {
        self.window = window
        self.vocabulary = vocabulary
        self.test = test
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let path = try required(path)
        let file = String(path.split(separator: "/").last ?? "")
        return try TextDataset(
            try SharedBytes.open(path, imports: imports, expected: [file]), settings: self, split: split)
    }
}

/// `{name: text, path: input.txt, window: 64}`
extension Text {
    package init(from reader: ConfigurationReader) {
        self.init(
            window: reader.value("window", .integer(in: 1..., atMost: 1 << 20), default: 64, "Bytes of a sample."),
            vocabulary: reader.value(
                "vocabulary", .choice(of: Vocabulary.self), default: "distinct",
                "The bytes that are tokens: those that the file has, or all 256."),
            test: reader.value(
                "test", .number(in: 0..<1), default: 0.1, "The part of the file, at its end, that is the test."))
    }
}
