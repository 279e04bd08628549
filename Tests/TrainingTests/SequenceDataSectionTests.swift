import ConfigurationReading
import DataPipeline
import Testing
import Training

@Suite struct SequenceDataSectionTests {
    @Test("Drawn tasks are described beside their names")
    func drawnTasks() throws {
        func expect<Task: DrawnTask>(_ text: String, _ task: Task, training: Int = 20_000) throws {
            let run = try readConfiguration(configurationText("data: {\(text)}\n"))
            #expect(run.data.dataset.isEqual(to: Drawn(task, training: training)), "\(text)")
            #expect(run.data.path == nil)
            try expectRoundTrip(run)
        }
        try expect("name: adding, steps: 50, training: 100", AddingProblem(steps: 50), training: 100)
        try expect("name: adding", AddingProblem(steps: 100))
        try expect(
            "name: recall, lag: 7, classes: 2, distractors: 1", Recall(lag: 7, classes: 2, distractors: 1))
        try expect("name: recall", Recall(lag: 20))
        try expect(
            "name: strings, answer: sort, alphabet: 26, shortest: 20, longest: 30",
            Strings(.sort, alphabet: 26, shortest: 20, longest: 30))
        try expect("name: strings, answer: reverse", Strings(.reverse))
        try expect("name: strings, answer: copy, shortest: 20", Strings(.copy, shortest: 20, longest: 20))
        try expect(
            "name: waves, steps: 9, periods: [3, 4.5], noise: 0.1", Waves(steps: 9, periods: [3, 4.5], noise: 0.1))
        try expect("name: opinions, shortest: 1, longest: 2", Opinions(shortest: 1, longest: 2))
        try expect("name: captions, digits: 3", Captions(digits: 3))
        for (keys, words) in [
            ("name: strings", "'data.answer'"), ("name: strings, answer: copy, shortest: 3, longest: 2", "less than"),
            ("name: strings, answer: copy, alphabet: 2, longest: 8", "only 510 different strings"),
            ("name: waves, periods: [5, 4]", "the shorter period first"), ("name: adding, steps: 5", "'data.steps'"),
            ("name: waves, periods: [5, 6, 7]", "give two numbers"),
            ("name: opinions, shortest: 9, longest: 8", "less"),
        ] {
            #expect(
                configurationProblem(configurationText("data: {\(keys)}\n"))?.contains(words) == true, "\(keys)")
        }
    }

    @Test("A series names its columns, lags, horizon and season")
    func series() throws {
        let run = try readConfiguration(
            configurationText(
                "data: {name: series, path: t/a.csv, separator: tab, values: [x, y], target: y, lags: 3, horizon: 2, "
                    + "season: 7, test: 0.1}\n"))
        let series = Series(
            table: TableSettings(separator: "\t"), values: ["x", "y"], targets: ["y"], lags: 3, horizon: 2, season: 7,
            test: 0.1)
        #expect(run.data.dataset.isEqual(to: series) && run.data.path(in: "/sets") == "/sets/t/a.csv")
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: series, path: a.csv, values: x}\n"))
        #expect(bare.data.dataset.isEqual(to: Series(values: ["x"], lags: 12)))
        #expect(
            configurationProblem(
                configurationText("data: {name: series, path: a.csv, values: [x], target: y}\n"))?
                .contains("'y' is none of `values`") == true)
    }

    @Test("A graph names its files and columns, and lies in a folder of its own name")
    func graph() throws {
        let run = try readConfiguration(
            configurationText(
                "data: {name: graph, path: t/web, nodes: n.csv, edges: e.csv, features: f.csv, featureForm: table, "
                    + "featureCount: 9, normalizeRows: true, directed: true, node: id, label: topic, split: part}\n"))
        let graph = GraphData(
            nodes: "n.csv", edges: "e.csv", features: "f.csv", featureForm: .table, featureCount: 9,
            normalizesRows: true, isDirected: true, node: "id", label: "topic", split: "part")
        #expect(run.data.dataset.isEqual(to: graph) && run.data.path(in: "/sets") == "/sets/web")
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: graph, path: cora}\n"))
        #expect(bare.data.dataset.isEqual(to: GraphData()))
        #expect(
            configurationProblem(configurationText("data: {name: graph}\n"))?.contains("add the key 'path'") == true)
    }

    @Test("Sequences of a table name their group, step and target")
    func sequences() throws {
        let run = try readConfiguration(
            configurationText(
                "data: {name: sequences, path: a.csv, targets: b.csv, group: id, step: t, target: y, "
                    + "targetKind: real, ignore: [z], test: 0.3}\n"))
        let sequences = GroupedTable(
            table: TableSettings(ignored: ["z"]), targetFile: "b.csv", group: "id", step: "t", target: "y",
            targetKind: .real, test: 0.3)
        #expect(run.data.dataset.isEqual(to: sequences))
        try expectRoundTrip(run)
        #expect(
            configurationProblem(configurationText("data: {name: sequences, path: a.csv, target: y}\n"))?
                .contains("'data.group'") == true)
    }
}
