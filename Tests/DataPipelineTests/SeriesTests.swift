import DataPipeline
import Foundation
import TensorCore
import Testing

private let dataFolder = ProcessInfo.processInfo.environment["TRAINER_DATA"]
private func holds(_ file: String) -> Bool {
    dataFolder.map { FileManager.default.fileExists(atPath: "\($0)/\(file)") } ?? false
}

struct SeriesTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// A table of twenty rows with columns `a` = row and `b` = 100 + row².
    private func open(
        _ settings: Series, _ split: DatasetSplit = .train, rows: Int = 20
    ) throws -> any Dataset {
        let text = "\"when\",\"a\",\"b\"\n" + (0..<rows).map { "\"day \($0)\",\($0),\(100 + $0 * $0)\n" }.joined()
        return try settings.open(split, path: try folder.write("series.csv", Array(text.utf8)), imports: [:])
    }

    private func problem(_ settings: Series, _ split: DatasetSplit = .train, rows: Int = 20) -> String {
        do {
            _ = try open(settings, split, rows: rows)
            return "none"
        } catch { return "\(error)".replacingOccurrences(of: folder.path + "/", with: "") }
    }

    @Test("a window knows the rows before its origin and is asked for those from there on")
    func windows() throws {
        let training = try open(Series(values: ["a", "b"], targets: ["b"], lags: 3, horizon: 2, test: 0.25))
        #expect(training.fields.map(\.name) == ["past", "future", "lastValue", "meanValue"])
        #expect(training.fields.map(\.shape) == [[3, 2], [2, 1], [2, 1], [2, 1]])
        #expect(training.inputField.meaning == .real(names: ["a", "b"]))
        #expect(training.targetField?.meaning == .real(names: ["b"]))
        // Fifteen rows are for training: origins 3…13.
        #expect(training.count == 11 && training.sampleID(of: 0) == 3)
        #expect(try training.values(0) == [0, 100, 1, 101, 2, 104])
        #expect(try training.values(0, "future") == [109, 116])
        #expect(try training.values(10, "future") == [100 + 169, 100 + 196])
        #expect(try training.values(1, "lastValue") == [109, 109])
        #expect(try training.values(1, "meanValue") == [103.5, 103.5])
        let test = try open(Series(values: ["a", "b"], targets: ["b"], lags: 3, horizon: 2, test: 0.25), .test)
        // Five rows are the test: origins 15…18, which look back at rows of training.
        #expect(test.count == 4 && test.sampleID(of: 0) == 15)
        #expect(try test.values(0).first == 12 && test.values(3, "future") == [100 + 18 * 18, 100 + 19 * 19])
        #expect(training.fingerprint != test.fingerprint)
    }

    @Test("the naive forecast of a season goes back as few seasons as it must")
    func season() throws {
        let dataset = try open(Series(values: ["a"], lags: 2, horizon: 5, season: 3, test: 0))
        #expect(dataset.sampleID(of: 0) == 3 && dataset.count == 20 - 3 - 5 + 1)
        #expect(try dataset.values(0, "seasonalValue") == [0, 1, 2, 0, 1])
        #expect(try dataset.values(4, "seasonalValue") == [4, 5, 6, 4, 5])
        #expect(dataset.baselines.map(\.field) == ["lastValue", "meanValue", "seasonalValue"])
        #expect(dataset.baselines.allSatisfy { baseline in dataset.fields.contains { $0.name == baseline.field } })
    }

    @Test("validation is the end of training, and no row is forecast in both parts")
    func validation() throws {
        let dataset = try open(Series(values: ["a"], lags: 2, horizon: 3, test: 0.2))
        #expect(dataset.count == 12 && dataset.partition == .runs(gap: 2))
        let split = try ValidationSplit(of: dataset, validation: .count(4))
        func forecast(_ part: Subset) throws -> Set<Float> {
            Set(try (0..<part.count).flatMap { try part.values($0, "future") })
        }
        #expect(try forecast(split.train) == Set((2...9).map(Float.init)))
        #expect(try forecast(split.validation) == Set((10...15).map(Float.init)))
        #expect(split.validation.baselines == dataset.baselines && split.train.partition == .runs(gap: 2))
        #expect(throws: DataError.invalidValidation(requested: "10", available: 10)) {
            try ValidationSplit(of: dataset, validation: .count(10))
        }
    }

    @Test("a forecast of a file looks back on its last rows")
    func predicts() throws {
        let settings = Series(values: ["a", "b"], lags: 2)
        let field = try open(settings).inputField
        let path = try folder.write("new.csv", Array("b,a\n5,1\n6,2\n7,3\n".utf8))
        let samples = try settings.openSamples(path, field: field)
        #expect(samples.count == 1 && samples.values(0) == [2, 6, 3, 7])
        let seasonal = Series(values: ["a", "b"], targets: ["b"], lags: 2, horizon: 2, season: 3)
        let naive = try #require(try open(seasonal).fields.last)
        #expect(seasonal.opensEveryField && naive.name == "seasonalValue")
        #expect(try seasonal.openSamples(path, field: naive).values(0) == [5, 6])
        let short = try folder.write("short.csv", Array("b,a\n5,1\n".utf8))
        #expect(throws: DataError.self) { try settings.openSamples(short, field: field) }
    }

    @Test("what leaves no window, and columns that are not there, are refused with the remedy")
    func refuses() {
        let tooLong = problem(Series(values: ["a"], lags: 15, horizon: 2, test: 0.2))
        #expect(
            tooLong.hasPrefix("series.csv: its 20 rows, of which the last 4 are the test, leave no training window"))
        #expect(problem(Series(values: ["a"], lags: 2, test: 0), .test).contains("leave no test window"))
        #expect(problem(Series(values: ["a"], lags: 2, season: 30)).contains("leave no training window of 30 rows"))
        #expect(problem(Series(values: ["c"], lags: 2)).contains("data.values names 'c', which is no column"))
        #expect(problem(Series(values: ["a", "2"], lags: 2)).contains("names the column 'a' twice"))
        #expect(problem(Series(values: ["when"], lags: 2)).contains("'day 0' is no number"))
        #expect(problem(Series(values: ["a"], lags: 2), rows: 0).contains("holds no samples"))
    }

    @Test(
        "the real series have their rows",
        .enabled(if: holds("tabular/airline-passengers.csv"), "set TRAINER_DATA to a folder that holds tabular"))
    func real() throws {
        let tables = try #require(dataFolder) + "/tabular"
        let airline = Series(values: ["Passengers"], lags: 12, season: 12, test: 0.25)
        let test = try airline.open(.test, path: "\(tables)/airline-passengers.csv", imports: [:])
        #expect(test.count == 36)
        #expect(try test.values(35, "future") == [432] && test.values(35, "seasonalValue") == [405])
        let daily = Series(values: ["Temp"], lags: 30, horizon: 7)
        #expect(
            try daily.open(.train, path: "\(tables)/daily-min-temperatures.csv", imports: [:]).count == 2920 - 30 - 6)
    }
}

struct SequenceTableTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let settings = GroupedTable(group: "id", step: "t", target: "goal", test: 0)

    private func open(
        _ steps: String, _ targets: String, _ settings: GroupedTable = Self.settings
    ) throws -> any Dataset {
        try folder.write("targets.csv", Array(targets.utf8))
        let path = try folder.write("steps.csv", Array(steps.utf8))
        return try settings.open(.train, path: path, imports: [:])
    }

    private func problem(_ steps: String, _ targets: String, _ settings: GroupedTable = Self.settings) -> String {
        do {
            _ = try open(steps, targets, settings)
            return "none"
        } catch { return "\(error)".replacingOccurrences(of: folder.path + "/", with: "") }
    }

    private static let steps = "id,t,x,y\nb,0,1,2\na,0,7,8\nb,1,3,4\nb,5,5,6\n"

    @Test("rows become sequences in the order of the targets, each as long as it is")
    func reads() throws {
        let dataset = try open(Self.steps, "id,goal,note\na,-1,u\nb,1,v\n")
        #expect(dataset.count == 2 && dataset.fields.map(\.name) == ["sequence", "goal"])
        #expect(dataset.inputShape == [3, 2] && dataset.inputField.variableAxis == 0)
        #expect(dataset.inputField.meaning == .real(names: ["x", "y"]))
        #expect(dataset.targetField?.meaning == .classes(names: ["-1", "1"]))
        for index in 0..<2 {
            let isB = dataset.sampleID(of: index) == 1
            #expect(try dataset.numbers(index, "sequence") == (isB ? [1, 2, 3, 4, 5, 6] : [7, 8]))
            #expect(try dataset.label(index) == (isB ? 1 : 0))
        }
        var real = GroupedTable(group: "id", target: "goal", targetKind: .real, test: 0)
        let numbers = try open(Self.steps, "id,goal\na,-1.5\nb,1\n", real)
        #expect(numbers.inputShape == [3, 3] && numbers.targetField?.shape == [1])
        #expect(Set(try (0..<2).map { try numbers.values($0, "goal")[0] }) == [-1.5, 1])
        real = GroupedTable(
            table: TableSettings(ignored: ["t", "y"]), group: "id", target: "goal", targetKind: .real, test: 0.5)
        #expect(try open(Self.steps, "id,goal\na,-1.5\nb,1\n", real).count == 1)
    }

    @Test("sequences without steps or target, doubled ones and steps out of order are refused with their names")
    func refuses() {
        #expect(
            problem(Self.steps, "id,goal\na,1\nb,1\nc,0\n")
                == "steps.csv: sequence 'c' of targets.csv has no steps; remove it there, or add steps.")
        #expect(
            problem(Self.steps, "id,goal\na,1\n")
                == "steps.csv: sequence 'b' has no row in targets.csv; add one, or remove its steps.")
        #expect(problem(Self.steps, "id,goal\na,1\nb,1\na,0\n").contains("sequence 'a' has two rows"))
        #expect(
            problem("id,t,x\na,1,5\na,1,6\n", "id,goal\na,1\n").contains("steps of sequence 'a' do not grow in 't'"))
        #expect(problem("id,t,x\n", "id,goal\na,1\n").contains("holds no samples"))
        #expect(problem("id,t\na,1\n", "id,goal\na,1\n").contains("no column is left for 'sequence'"))
        #expect(problem(Self.steps, "id,aim\na,1\nb,1\n").contains("data.target names 'goal', which is no column"))
        #expect(
            problem(
                Self.steps, "id,goal\na,1\nb,1\n", GroupedTable(targetFile: "none.csv", group: "id", target: "goal")
            )
            .contains("none.csv: no such file"))
    }

    @Test(
        "the real set has its sequences",
        .enabled(if: holds("indoor-movement"), "set TRAINER_DATA to a folder that holds indoor-movement"))
    func real() throws {
        let settings = GroupedTable(group: "sequence", step: "t", target: "target")
        let path = try #require(dataFolder) + "/indoor-movement/sequences.csv"
        let (training, test) = (
            try settings.open(.train, path: path, imports: [:]), try settings.open(.test, path: path, imports: [:])
        )
        #expect(training.count == 251 && test.count == 63)
        #expect(training.inputShape == [129, 4] && training.classCount == 2)
        let parts: [any Dataset] = [training, test]
        let all = parts.flatMap { part in (0..<part.count).map { part.length(of: $0, field: 0) } }
        #expect(all.reduce(0, +) == 13_197 && all.min() == 19 && all.max() == 129)
    }
}
