import DataPipeline
import Foundation
import Kernels
import Testing

/// Missing values of a table, what they are filled with, and test files of their own.
struct FillTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    static let text = """
        age,sex,mark,y
        1,m,5,0
        ,f,?,1
        3,,7,0
        8,f,7,1
        2,m,9,0
        2,f,,1

        """

    func settings(_ fill: FillSettings?, indicates: Bool = false) -> TableSettings {
        var settings = TableSettings(targets: ["y"], targetKind: .classes, categorical: ["sex"])
        settings.fill = fill
        settings.indicatesMissing = indicates
        return settings
    }

    func open(_ settings: TableSettings, _ text: String = text) throws -> any Dataset {
        try CSV(table: settings, test: 0).open(
            .train, path: try folder.write("t.csv", Array(text.utf8)), imports: [:])
    }

    /// The sample's row in the file after filling from the samples of `training`.
    func filled(_ dataset: any Dataset, from training: any Dataset) throws -> [Int: [Float]] {
        let plan = try #require(dataset.source.fillPlan(field: 0))
        let fill = try plan.values(from: training, field: 0)
        let own = try #require(
            try Preprocessing.none.applied(to: dataset.fields[0], statistics: nil, fill: fill))
        let source = try BatchSource(
            dataset: dataset, plan: EvaluationPlan(sampleCount: dataset.count, grainSize: 4), fields: ["features"],
            preprocessing: [own], key: RandomKey(seed: 1))
        var result: [Int: [Float]] = [:]
        _ = try everyBatch(source) { batch in
            let values = batch.fields.floats("features").values
            let width = values.count / batch.count
            for (row, id) in batch.sampleIDs.enumerated() {
                result[id] = Array(values[row * width..<(row + 1) * width])
            }
        }
        return result
    }

    @Test(
        "mean, median, the most frequent or a value stand for what is missing",
        arguments: [
            (FillSettings(others: .mean), Float(3.2), [Float(1), 0], Float(7)),
            (.init(others: .median), 2, [1, 0], 7), (.init(others: .mostFrequent), 2, [1, 0], 7),
            (
                .init(
                    others: .mean,
                    columns: [.init(name: "sex", rule: .value("m")), .init(name: "3", rule: .value("-1"))]), 3.2,
                [0, 1],
                -1
            ),
        ])
    func rules(fill: FillSettings, age: Float, sex: [Float], mark: Float) throws {
        let dataset = try open(settings(fill))
        #expect(dataset.fields[0].meaning == .real(names: ["age", "sex=f", "sex=m", "mark"]))
        let rows = try filled(dataset, from: dataset)
        #expect(rows[0] == [1, 0, 1, 5] && rows[1] == [age, 1, 0, mark] && rows[5] == [2, 1, 0, mark])
        #expect(rows[2] == [3] + sex + [7])
    }

    @Test func aValueOfItsOwnIsANewCategoryAndAnIndicatorSaysWhere() throws {
        let fill = FillSettings(others: .median, columns: [.init(name: "sex", rule: .value("unsaid"))])
        let dataset = try open(settings(fill, indicates: true))
        #expect(
            dataset.fields[0].meaning
                == .real(names: ["age", "sex=f", "sex=m", "sex=unsaid", "mark", "age?", "sex?", "mark?"]))
        let rows = try filled(dataset, from: dataset)
        #expect(rows[2] == [3, 0, 0, 1, 7, 0, 1, 0] && rows[1] == [2, 1, 0, 0, 7, 1, 0, 1])
    }

    @Test func onlyTrainingSamplesSayWhatStandsForAMissingValue() throws {
        let all = try open(settings(.init(others: .mean)))
        let part = Subset(drawing: 3, of: all)
        let known = (0..<3).compactMap { index -> Float? in
            let value = (try? part.values(index))?[0] ?? .nan
            return value.isNaN ? nil : value
        }
        let rows = try filled(all, from: part)
        #expect(rows[1]?[0] == Float(known.reduce(0.0) { $0 + Double($1) } / Double(known.count)))
        #expect(known.count < 5)
    }

    @Test func statisticsAreThoseOfTheFilledNumbers() throws {
        let dataset = try open(settings(.init(others: .mean)))
        let fill = try #require(try dataset.source.fillPlan(field: 0)?.values(from: dataset, field: 0))
        let statistics = try ChannelStatistics(scanningReal: 0, of: dataset, fill: fill)
        // 1, 3, 8, 2, 2 and their mean.
        #expect(abs(statistics.mean[0] - 3.2) < 1e-6)
        #expect(abs(statistics.standardDeviation[0] - (30.8 / 6).squareRoot()) < 1e-6)
        #expect(statistics.ranges?[0] == 1...8)
        let standardized = try #require(
            try Preprocessing.standardize.applied(to: dataset.fields[0], statistics: statistics, fill: fill))
        let stored = try JSONDecoder().decode(
            FieldPreprocessing.self, from: JSONEncoder().encode(standardized))
        #expect(stored == standardized)
        var row: [Float] = [.nan, 1, 0, 7]
        row.withUnsafeMutableBufferPointer { standardized.apply(to: $0) }
        #expect(abs(row[0]) < 1e-6)
    }

    @Test func whatCannotBeFilledIsRefused() throws {
        func problem(_ fill: FillSettings?, _ text: String = FillTests.text) -> String {
            do {
                let dataset = try open(settings(fill), text)
                return "\(try dataset.source.fillPlan(field: 0)?.values(from: dataset, field: 0) ?? [])"
            } catch { return "\(error)".replacingOccurrences(of: folder.path + "/", with: "") }
        }
        #expect(
            problem(nil).hasPrefix("t.csv:4: column 'sex': the value is missing (''); fill it in, remove the row, have")
        )
        #expect(problem(.init(columns: [.init(name: "age", rule: .mean)])).hasPrefix("t.csv:4: column 'sex'"))
        #expect(problem(.init(others: .value("none"))).hasPrefix("t.csv:3: column 'age'"))
        #expect(problem(.init(columns: [.init(name: "y", rule: .mean)])).contains("names 'y', which is no feature"))
        #expect(problem(.init(columns: [.init(name: "agee", rule: .mean)])).contains("did you mean 'age'?"))
        #expect(problem(.init(columns: [.init(name: "sex", rule: .mean)])).contains("'sex' has no mean or median"))
        #expect(
            problem(.init(others: .mean, columns: [.init(name: "age", rule: .value("old"))])).contains(
                "'old' is no number for the column 'age'"))
        #expect(
            problem(.init(others: .mean), "age,sex,mark,y\n,f,1,0\n?,m,2,1\n")
                == "data.fill: no sample of csv/train has a value in the column 'age'; leave it out with data.ignore, "
                + "or give a value instead.")
        // A target is never filled.
        #expect(problem(.init(others: .mean), "age,sex,mark,y\n1,f,1,\n").hasPrefix("t.csv:2: column 'y'"))
    }

    @Test func aFileToPredictIsReadAsTheTrainingFileWas() throws {
        let fill = FillSettings(others: .median, columns: [.init(name: "sex", rule: .value("unsaid"))])
        var settings = settings(fill, indicates: true)
        let field = try open(settings).fields[0]
        func row(_ text: String) throws -> [Float] {
            let path = try folder.write("new.csv", Array(text.utf8))
            return try CSV(table: settings, test: 0).openSamples(path, field: field).values(0)
        }
        // By name in any order, without the target.
        let known = try row("mark,age,sex\n,4,\n")
        #expect(known[0] == 4 && known[1...4].allSatisfy(\.isNaN) && Array(known[5...]) == [0, 1, 1])
        #expect(throws: DataError.self) { try row("mark,age,sex\n1,2,x\n") }
        do { _ = try row("mark,age,sex\n1,2,x\n") } catch {
            #expect(
                "\(error)".hasSuffix(
                    "new.csv:2: column 'sex': 'x' is none of the categories that training knows: f, m, unsaid; correct "
                        + "it, or set data.unknown: zero, which makes it none of them."))
        }
        settings.unknown = .zero
        #expect(try row("mark,age,sex\n1,2,x\n") == [2, 0, 0, 0, 1, 0, 0, 0])
    }

    @Test("a test file has the training file's categories and classes, and its own rows")
    func testFile() throws {
        let path = try folder.write("train.csv", Array(Self.text.utf8))
        try folder.write("test.csv", Array("y,mark,sex,age\n1,4,m,\n0,5,m,6\n".utf8))
        var set = CSV(table: settings(.init(others: .mean)), testPath: "test.csv")
        let train = try set.open(.train, path: path, imports: [:])
        let test = try set.open(.test, path: path, imports: [:])
        #expect(train.count == 6 && test.count == 2 && train.fields == test.fields)
        #expect(try filled(test, from: train) == [0: [Float(3.2), 0, 1, 4], 1: [6, 0, 1, 5]])
        #expect((try (0..<2).map { try test.label($0) }).sorted() == [0, 1])
        #expect(test.fingerprint != train.fingerprint)
        set = CSV(table: settings(.init(others: .mean)), testPath: "\(folder.path)/other.csv")
        for (row, words) in [("2,4,m,1", "'2' is none of the classes"), ("0,4,x,1", "'x' is none of the categories")] {
            try folder.write("other.csv", Array("y,mark,sex,age\n\(row)\n".utf8))
            do {
                _ = try set.open(.test, path: path, imports: [:])
                Issue.record("opened")
            } catch { #expect("\(error)".contains("other.csv:2: ") && "\(error)".contains(words), "\(error)") }
        }
        #expect(throws: DataError.missingFile(path: "\(folder.path)/none.csv", expected: ["none.csv"])) {
            try CSV(table: settings(.init(others: .mean)), testPath: "none.csv").open(.test, path: path, imports: [:])
        }
    }
}
