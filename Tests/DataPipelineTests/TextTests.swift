import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

struct TextTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    func open(_ bytes: [UInt8], _ settings: Text, _ split: DatasetSplit = .train) throws -> any Dataset {
        try settings.open(split, path: try folder.write("text.txt", bytes), imports: [:])
    }

    /// The bytes that the tokens of a field stand for, all samples one after the other.
    func bytes(_ dataset: any Dataset, _ field: String) throws -> [UInt8] {
        let vocabulary = try #require(TextVocabulary(words: try dataset.field(field).meaning.choiceNames))
        return vocabulary.decode(try (0..<dataset.count).flatMap { try dataset.integers($0, field) })
    }

    @Test("windows follow each other, and the next token is one byte later")
    func windows() throws {
        let text = Array("the quick brown fox\n".utf8) + [0xC3, 0xA9]
        let dataset = try open(text, Text(window: 4, test: 0))
        #expect(dataset.count == 5 && dataset.fields.map(\.name) == ["tokens", "next"] && dataset.isSequence)
        #expect(try bytes(dataset, "tokens") == Array(text[0..<20]))
        #expect(try bytes(dataset, "next") == Array(text[1..<21]))
        #expect(dataset.fields[0].meaning.choiceCount == Set(text).count)
        #expect(try open(text, Text(window: 4, vocabulary: .bytes, test: 0)).integers(0, "tokens")[0] == 116)
    }

    @Test("the end of the file is the test, what stands before it is trained on, and both have the same vocabulary")
    func splits() throws {
        let text = (0..<100).map { UInt8($0) }
        let settings = Text(window: 3, test: 0.25)
        let (train, test) = (try open(text, settings), try open(text, settings, .test))
        #expect(try bytes(train, "tokens") == Array(text[0..<72]))  // 75 bytes: 24 windows and their next tokens
        #expect(try bytes(test, "tokens") == Array(text[75..<99]))
        #expect(train.fields == test.fields && train.fingerprint != test.fingerprint)
        let parts = try ValidationSplit(of: train, validation: .fraction(0.25))
        #expect(try bytes(parts.train, "tokens") == Array(text[0..<54]))
        #expect(try bytes(parts.validation, "tokens") == Array(text[54..<72]))
    }

    @Test("a text that is empty or shorter than a window is refused", arguments: [0, 1, 4])
    func tooShort(bytes: Int) throws {
        let path = "\(folder.path)/text.txt"
        let error = DataError.textTooShort(path: path, part: "train", tokens: bytes, window: 4)
        #expect(throws: bytes == 0 ? .emptyFile(path: path) : error) {
            try open([UInt8](repeating: 65, count: bytes), Text(window: 4, test: 0))
        }
        #expect(try open([65, 66, 67, 68, 69], Text(window: 4, test: 0)).count == 1)
        #expect(throws: DataError.self) { try open([65, 66, 67, 68, 69], Text(window: 4, test: 0), .test) }
        #expect(throws: DataError.missingFile(path: "/nowhere/a.txt", expected: ["a.txt"])) {
            try Text(window: 4).open(.train, path: "/nowhere/a.txt", imports: [:])
        }
    }

    @Test("lanes read the whole text exactly once, each lane in order, for any grain and number of threads")
    func lanes() throws {
        let text = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }
        let dataset = try open(text, Text(window: 5, test: 0))
        func read(grain: Int, threads: Int) throws -> [[UInt8]] {
            let plan = LanePlan(windowCount: dataset.count, lanes: 6, grainSize: grain)
            let source = try BatchSource(dataset: dataset, plan: plan, key: RandomKey(seed: 1))
            var lanes = [[UInt8]](repeating: [], count: 6)
            guard case .tokens(let words) = dataset.fields[0].meaning else { return [] }
            let vocabulary = try #require(TextVocabulary(words: words))
            let batches = try everyBatch(source, steps: 0..<plan.stepsPerEpoch, threads: threads) {
                ($0.lanes ?? 0..<0, $0.fields.integers("tokens").values)
            }
            for (alive, tokens) in batches {
                for (row, lane) in alive.enumerated() {
                    lanes[lane] += vocabulary.decode(tokens[5 * row..<5 * row + 5])
                }
            }
            return lanes
        }
        let lanes = try read(grain: 2, threads: 0)
        #expect(lanes.flatMap { $0 } == Array(text[0..<995]))
        #expect(try read(grain: 6, threads: 2) == lanes && read(grain: 4, threads: 1) == lanes)
    }
}
