import DataPipeline
import Foundation
import TensorCore
import Testing
import Training

/// What `trainer data` finds in data with planted faults.
struct DataSurveyTests {
    struct Broken: Error, CustomStringConvertible {
        let description = "photo-5.jpg: cut short"
    }

    /// Rows of two numbers with a class, given one by one.
    struct Rows: Dataset {
        let name: String
        var rows: [(values: [Float], label: Int32)]
        var broken: Set<Int> = []
        var count: Int { rows.count }
        let fields = [
            FieldDescription(
                name: "x", elementType: .float32, shape: [3], meaning: .real(names: ["a", "b", "still"])),
            FieldDescription(
                name: "kind", elementType: .int32, shape: [], meaning: .classes(names: ["ant", "bee", "cat"])),
        ]
        let defaultInput = "x"
        let defaultTarget: String? = "kind"
        let fingerprint: UInt64 = 1
        func origin(of index: Int) -> String? { "\(name).csv:\(index + 2)" }
        func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
            if broken.contains(index) { throw Broken() }
            for place in 0..<3 { buffer[place] = rows[index].values[place] }
        }
        func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
            buffer[0] = rows[index].label
        }
    }

    /// 90 ants and 10 bees, all different.
    static func plain(_ name: String, from first: Int = 0) -> Rows {
        Rows(
            name: name,
            rows: (0..<100).map { ([Float(first + $0) + 1e6, Float($0 % 7), 4], $0 % 10 == 3 ? 1 : 0) })
    }

    func survey(_ parts: [(String, any Dataset)], threads: Int = 2) throws -> DataSurvey {
        try DataSurvey(name: "rows", path: nil, parts, threads: threads)
    }

    @Test func countsSharesAndRangesAreThoseOfTheSamples() throws {
        let data = Self.plain("train")
        let found = try survey([("training", data)]).parts[0]
        #expect(found.samples == 100 && found.copies.count == 0 && found.damagedCount == 0)
        let classes = found.fields[1].classes
        #expect(classes.map(\.name) == ["ant", "bee", "cat"] && classes.map(\.count) == [90, 10, 0])
        #expect(classes.map(\.share) == [0.9, 0.1, 0])
        let column = try #require(found.fields[0].channels.first)
        #expect(column.name == "a" && column.least == 1e6 && column.most == 1_000_099 && column.count == 100)
        // Squares of numbers around a million would hide a deviation of 29.
        #expect(abs(try #require(column.mean) - 1_000_049.5) < 1e-6)
        #expect(abs(try #require(column.deviation) - (9999.0 / 12).squareRoot()) < 1e-6)
        let all = data.rows.flatMap { $0.values.map(Double.init) }
        let mean = all.reduce(0, +) / 300
        let deviation = (all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 300).squareRoot()
        let values = try #require(found.fields[0].values)
        #expect(abs(try #require(values.mean) - mean) < 1e-5 && values.count == 300)
        #expect(abs(try #require(values.deviation) / deviation - 1) < 1e-9)
    }

    @Test func whatMayBeWrongIsNamedWithASampleAndWhatToDo() throws {
        var train = Self.plain("train")
        train.rows[50].values = train.rows[7].values  // a copy
        train.rows[63].values = train.rows[8].values  // and one that is a bee instead of an ant
        train.rows[20].values = [5, 5, 5]
        train.rows[30].values[1] = .nan
        train.rows[31].values[0] = .infinity
        train.broken = [40]
        var test = Self.plain("test", from: 500)
        test.rows[1].values = train.rows[11].values
        test.rows[2].values = train.rows[11].values
        let found = try survey([("training", train), ("test", test)])
        let part = found.parts[0]
        #expect(part.copies.count == 2 && part.copies.examples == ["train.csv:52", "train.csv:65"])
        #expect(part.contradictions.examples == ["train.csv:65"])
        #expect(part.constant.examples == ["train.csv:22"])
        #expect(part.damagedCount == 1 && part.damaged.map(\.sample) == ["train.csv:42"])
        #expect(part.damaged[0].problem == "photo-5.jpg: cut short")
        #expect(part.fields[0].values?.missing == 1 && part.fields[0].values?.infinite == 1)
        #expect(
            found.shared.count == 1 && found.shared[0].samples == 2 && found.shared[0].parts == ["training", "test"])
        #expect(found.shared[0].examples == [["train.csv:13", "test.csv:3"], ["train.csv:13", "test.csv:4"]])
        for words in [
            "training: 1 sample can't be read, the first is train.csv:42: photo-5.jpg: cut short",
            "no sample has the 'kind' 'cat', which can't be learned then",
            "'ant' has 8.9 times the samples of 'bee' (89 and 10); if both matter alike set data.balance: classes",
            "test: 2 samples are in training too, such as test.csv:3, there train.csv:13; figures of test are too good",
            "training: 1 sample has a twin of another class (train.csv:65); correct one of each",
            "training: 2 samples are copies of others (train.csv:52, train.csv:65)",
            "training: 1 sample has one number everywhere (train.csv:22)", "1 numbers of 'x' are infinite",
        ] { #expect(found.warnings.contains { $0.contains(words) }, "\(words) in \(found.warnings)") }
        // The same figures for any number of threads, to the bit.
        let alone = try survey([("training", train), ("test", test)], threads: 1)
        #expect(try alone.json() == found.json())
        let text = found.text
        #expect(text.contains("training      100       2         1        1\n"), "\(text)")
        #expect(text.contains("ant         89  89.9 %    90  90.0 %\n"), "\(text)")
        #expect(text.hasSuffix("correct them\n"), "\(text)")
    }

    @Test func aColumnThatSaysNothingIsNamedAndCleanDataAreNotBlamed() throws {
        let still = try survey([("training", Self.plain("train"))])
        #expect(still.warnings.contains { $0.contains("'still' of 'x' is the same in all samples") })
        var clean = Self.plain("train")
        for row in clean.rows.indices {
            clean.rows[row].values[2] = Float(row)
            clean.rows[row].label = Int32(row % 3)
        }
        let found = try survey([("training", clean)])
        #expect(found.warnings.isEmpty && found.text.hasSuffix("nothing to warn of\n"), "\(found.text)")
        let other = try DataSurvey(
            name: "rows", path: nil, [("training", Self.plain("train"))], isBalanced: true, threads: 1)
        #expect(!other.warnings.contains { $0.contains("data.balance") })
    }

    @Test func pixelsTokensAndLengthsAreDescribed() throws {
        let digits = try survey([("training", Subset(drawing: 60, of: Digits().open(.train, path: nil, imports: [:])))])
        let image = try #require(digits.parts[0].fields.first)
        #expect(image.kind == "pixels" && image.shape == [28, 28, 1] && image.values?.least == 0)
        let words = try survey([
            ("training", Subset(drawing: 50, of: Drawn(Opinions()).open(.train, path: nil, imports: [:])))
        ])
        let tokens = try #require(words.parts[0].fields.first)
        #expect(tokens.kind == "tokens" && tokens.values == nil && tokens.lengths != nil)
        #expect((tokens.used ?? 0) > 1 && (tokens.used ?? 0) <= (tokens.choices ?? 0), "\(words.text)")
        #expect(words.text.contains("in use"))
    }
}
