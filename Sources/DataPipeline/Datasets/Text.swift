import ConfigurationReading
import System

/// A text file cut into windows of tokens, see `TextDataset`.
package struct Text: DatasetFactory {
    package static let name = "text"
    package static let documentation =
        "A text file as tokens, cut into windows: fields `tokens` and `next`, the tokens that follow. Parts are cut by "
        + "position: training, then validation, then test."
    package static let location = DatasetLocation.file

    /// What the tokens of a text are.
    package enum Vocabulary: Equatable, Sendable {
        /// The bytes that the file has.
        case distinct
        /// All 256 bytes.
        case bytes
        /// The characters (Unicode scalars) that the file has.
        case characters
        /// So many: the bytes that the file has, and frequent sequences of them.
        case bytePairs(Int)

        /// Whether each token is a byte.
        var isOfSingleBytes: Bool { self == .distinct || self == .bytes }
    }

    /// T, the tokens of a window.
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
            window: reader.value("window", .integer(in: 1..., atMost: 1 << 20), default: 64, "Tokens of a sample."),
            vocabulary: reader.value(
                "vocabulary", .vocabulary, default: .plain("distinct"),
                "What the tokens are: the bytes that the file has (`distinct`), all 256 `bytes`, the `characters` "
                    + "(Unicode scalars) of a file in UTF-8, or with `{bpe: N}` N tokens in all, the bytes that the "
                    + "file has and the sequences that byte-pair encoding learns from the first 16 MB of the training "
                    + "part."),
            test: reader.value(
                "test", .number(in: 0..<1), default: 0.1, "The part of the file, at its end, that is the test."))
    }
}

extension ConfigurationType where Value == Text.Vocabulary {
    /// `characters`, `{bpe: 512}`.
    fileprivate static var vocabulary: Self {
        let names: [(name: String, value: Text.Vocabulary)] = [
            ("distinct", .distinct), ("bytes", .bytes), ("characters", .characters),
        ]
        let pairs = ConfigurationType<Text.Vocabulary>.map(title: "byte pairs", shortForm: .none) { reader in
            .bytePairs(
                reader.required(
                    "bpe", .integer(in: 2..., atMost: BytePairLearner.mostTokens),
                    "Tokens in all: more than the file has different bytes."))
        }
        let allowed = names.map(\.name) + ["{bpe: N}"]
        let summary = "one of \(allowed.joined(separator: ", "))"
        return Self(summary, placeholder: .distinct, section: pairs.section) { node, path, context in
            guard case .scalar(let text, _) = node.content else { return pairs.read(node, path, context) }
            guard let choice = names.first(where: { $0.name == text }) else {
                let nearest = text == "bpe" ? "{bpe: N}" : nearestName(to: text, among: names.map(\.name))
                context.report(.unknownName(node.place, key: path, name: text, nearest: nearest, allowed: allowed))
                return nil
            }
            return Reading(value: choice.value, node: .plain(text))
        }
    }
}
