import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

private let tables = ProcessInfo.processInfo.environment["TRAINER_DATA"].map { $0 + "/tabular" }
private func holds(_ file: String) -> Bool {
    tables.map { FileManager.default.fileExists(atPath: "\($0)/\(file)") } ?? false
}

struct CSVTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Opens a file with this content; without a test part all rows stand in one data set.
    func open(
        _ text: String, _ settings: TableSettings = TableSettings(), test: Double = 0, split: DatasetSplit = .train
    ) throws -> any Dataset {
        let path = try folder.write("table.csv", Array(text.utf8))
        return try CSV(table: settings, test: test).open(split, path: path, imports: [:])
    }

    /// The rows of a field of floats by the number of the sample in the file.
    func rows(_ dataset: any Dataset, _ field: String) throws -> [Int: [Float]] {
        var result: [Int: [Float]] = [:]
        for index in 0..<dataset.count { result[dataset.sampleID(of: index)] = try dataset.values(index, field) }
        return result
    }

    func problem(_ text: String, _ settings: TableSettings = TableSettings()) -> String? {
        do {
            _ = try open(text, settings)
            return nil
        } catch { return "\(error)".replacingOccurrences(of: folder.path + "/", with: "") }
    }

    static let text = """
        sex,length,"the ""weight""\",rings
        M,0.5,1e1,15

        F, -2 ,"3",7
        "I",.25,4,9

        """

    @Test("a header, quotes, spaces, empty lines and categories are read; the target has its column's name")
    func reads() throws {
        let dataset = try open(Self.text, TableSettings(targets: ["rings"], categorical: ["sex"]))
        #expect(dataset.fields.map(\.name) == ["features", "rings"] && dataset.count == 3)
        #expect(dataset.defaultInput == "features" && dataset.defaultTarget == "rings")
        #expect(
            dataset.fields[0].meaning
                == .real(names: ["sex=F", "sex=I", "sex=M", "length", "the \"weight\""]))
        #expect(dataset.fields[1].shape == [1])
        #expect(
            try rows(dataset, "features") == [0: [0, 0, 1, 0.5, 10], 1: [1, 0, 0, -2, 3], 2: [0, 1, 0, 0.25, 4]])
        #expect(try rows(dataset, "rings") == [0: [15], 1: [7], 2: [9]])
    }

    @Test("columns are given by number too, and a table without header has names from the settings or numbers")
    func columns() throws {
        let text = "1;2;b\r\n3;4;a\r\n5;6;b"
        let settings = TableSettings(hasHeader: false, separator: ";", targets: ["3"], targetKind: .classes)
        let numbered = try open(text, settings)
        #expect(numbered.fields[1].name == "3" && numbered.fields[1].meaning == .classes(names: ["a", "b"]))
        var labels: [Int: Int32] = [:]
        for index in 0..<3 { labels[numbered.sampleID(of: index)] = try numbered.label(index) }
        #expect(labels == [0: 1, 1: 0, 2: 1])
        var named = settings
        (named.columns, named.targets, named.targetKind) = (["x", "y", "z"], ["x", "y"], .real)
        named.ignored = ["z"]
        #expect(problem(text, named)?.hasPrefix("table.csv: no column is left for 'features'") ?? false)
        (named.ignored, named.categorical) = ([], ["z"])
        let several = try open(text, named)
        #expect(several.fields[1].name == "targets" && several.fields[1].meaning == .real(names: ["x", "y"]))
        #expect(try rows(several, "targets") == [0: [1, 2], 1: [3, 4], 2: [5, 6]])
    }

    @Test("without a target there is none")
    func hasNoTarget() throws {
        let dataset = try open("a,b\n1,2\n")
        #expect(dataset.defaultTarget == nil && dataset.fields.count == 1)
    }

    @Test("classes that are numbers stand in the order of the numbers")
    func numericClasses() throws {
        let dataset = try open("x,y\n1,10\n1,9\n1,-1\n", TableSettings(targets: ["y"], targetKind: .classes))
        #expect(dataset.fields[1].meaning == .classes(names: ["-1", "9", "10"]))
    }

    @Test(
        "what is wrong in a file is named with file, line and column",
        arguments: [
            ("a,b\n1,2\n3,x\n", "table.csv:3: column 'b': 'x' is no number; correct it, or"),
            ("a,b\n1,2\n3,\n", "table.csv:3: column 'b': the value is missing"),
            ("a,b\n1,?\n", "table.csv:2: column 'b': the value is missing ('?')"),
            ("a,b\n1,NA\n", "table.csv:2: column 'b': the value is missing"),
            ("a,b\n1,nan\n", "table.csv:2: column 'b': the value is missing"),
            ("a,b\n1,inf\n", "table.csv:2: column 'b': 'inf' is no number"),
            ("a,b\n1,1e99\n", "table.csv:2: column 'b': '1e99' is no number"),
            ("a,b\n1,2\n\n1,2,3\n", "table.csv:4: 3 values for 2 columns"),
            ("a,b\n1\n", "table.csv:2: 1 values for 2 columns"),
            ("a,b\n1,2\n\"x\n\n", "table.csv:3: column '1': a quote is not closed"),
            ("a,b\n\"1\" 2,2\n", "table.csv:2: column '1': something stands behind a closing quote"),
            ("a,a\n1,2\n", "table.csv: two columns are named 'a'"), ("", "table.csv: holds no samples"),
            ("a,b\n", "table.csv: holds no samples"), ("\n\n", "table.csv: holds no samples"),
        ])
    func damaged(text: String, expected: String) {
        #expect(problem(text)?.hasPrefix(expected) ?? false, "\(problem(text) ?? "nothing")")
    }

    @Test("what is no text is refused")
    func notText() throws {
        let path = try folder.write("b.csv", [97, 10, 0xFF, 10])
        #expect {
            try CSV(table: TableSettings(), test: 0).open(.train, path: path, imports: [:])
        } throws: {
            if case DataError.table(path, 2, "1", _) = $0 { true } else { false }
        }
    }

    @Test("columns that do not exist are refused with those that do")
    func unknownColumns() {
        #expect(
            problem("age,rings\n1,2\n", TableSettings(targets: ["ring"]))
                == "table.csv: data.target names 'ring', which is no column, did you mean 'rings'? Columns: age, rings."
        )
        #expect(
            problem("a,b\n1,2\n", TableSettings(ignored: ["3"]))
                == "table.csv: data.ignore names '3', which is no column. Columns: a, b.")
        let clash = TableSettings(targets: ["features"])
        #expect(problem("a,features\n1,2\n", clash)?.contains("has the name of another field") ?? false)
    }

    @Test("the test part is drawn once for all, disjoint from the training part, and may not be everything")
    func splits() throws {
        let text = "x\n" + (0..<100).map { "\($0)\n" }.joined()
        let (train, test) = (try open(text, test: 0.25), try open(text, test: 0.25, split: .test))
        #expect(train.count == 75 && test.count == 25)
        let ids = (0..<75).map { train.sampleID(of: $0) } + (0..<25).map { test.sampleID(of: $0) }
        #expect(ids.sorted() == Array(0..<100))
        #expect((0..<25).map { test.sampleID(of: $0) } != Array(0..<25))
        #expect(try open(text, test: 0.25).fingerprint == train.fingerprint && train.fingerprint != test.fingerprint)
        #expect(try open(text + "7\n", test: 0.25).fingerprint != train.fingerprint)
        #expect(throws: DataError.self) { try open("x\n1\n2\n", test: 0.1, split: .test) }
        #expect(throws: DataError.self) { try open("x\n1\n2\n", test: 0.9) }
    }

    @Test func aColumnOfWeightsIsAFieldOfItsOwnAndNoFeature() throws {
        let text = "a,y,worth\n1,3,0.5\n2,4,2\n"
        let dataset = try open(text, TableSettings(targets: ["y"], sampleWeights: "worth"))
        #expect(dataset.fields.map(\.name) == ["features", "y", "worth"] && dataset.defaultTarget == "y")
        #expect(dataset.inputShape == [1] && dataset.fields[2].shape == [1])
        #expect(try rows(dataset, "worth") == [0: [0.5], 1: [2]])
        let alone = try open(text, TableSettings(sampleWeights: "3"))
        #expect(alone.fields.map(\.name) == ["features", "worth"] && alone.defaultTarget == nil)
        #expect(problem(text, TableSettings(sampleWeights: "wroth"))?.contains("worth") == true)
        // A file to predict may lack the target, or both.
        let settings = TableSettings(
            hasHeader: false, columns: ["a", "y", "worth"], targets: ["y"], sampleWeights: "worth")
        for row in ["1,3,0.5", "1,0.5", "1"] {
            let path = try folder.write("new.csv", Array(row.utf8))
            let samples = try CSV(table: settings, test: 0).openSamples(path, field: dataset.fields[0])
            #expect(samples.count == 1 && samples.values(0) == [1])
        }
    }

    @Test(
        "the real tables open",
        .enabled(if: holds("abalone.csv"), "set TRAINER_DATA to a folder that holds tabular"))
    func realTables() throws {
        func open(_ file: String, _ settings: TableSettings) throws -> any Dataset {
            try CSV(table: settings, test: 0).open(.train, path: try #require(tables) + "/" + file, imports: [:])
        }
        let names = ["sex", "length", "diameter", "height", "whole", "shucked", "viscera", "shell", "rings"]
        let abalone = try open(
            "abalone.csv",
            TableSettings(hasHeader: false, columns: names, targets: ["rings"], categorical: ["sex"]))
        #expect(abalone.count == 4177 && abalone.inputShape == [10] && abalone.targetField?.name == "rings")
        let rings = try rows(abalone, "rings").values.map { Double($0[0]) }
        #expect(abs(rings.reduce(0, +) / 4177 - 9.934) < 5e-4)
        let iris = try open(
            "iris.csv", TableSettings(hasHeader: false, targets: ["5"], targetKind: .classes))
        #expect(iris.count == 150 && iris.inputShape == [4] && iris.classCount == 3)
        for (file, count, classes) in [("winequality-red.csv", 1599, 6), ("winequality-white.csv", 4898, 7)] {
            let wine = try open(file, TableSettings(hasHeader: false, targets: ["12"], targetKind: .classes))
            #expect(wine.count == count && wine.inputShape == [11] && wine.classCount == classes)
        }
        let notes = try open(
            "banknote_authentication.csv", TableSettings(hasHeader: false, targets: ["5"], targetKind: .classes))
        #expect(notes.count == 1372 && notes.classCount == 2)
        let passengers = try open("airline-passengers.csv", TableSettings(ignored: ["Month"]))
        #expect(passengers.count == 144 && passengers.inputShape == [1])
        #expect(try open("daily-min-temperatures.csv", TableSettings(ignored: ["Date"])).count == 3650)
    }
}
