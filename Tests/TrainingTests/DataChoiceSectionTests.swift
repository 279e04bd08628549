import ConfigurationReading
import DataPipeline
import Testing
import Training

/// How a table is written and filled, steps of preprocessing, and which classes are used how often.
@Suite struct DataChoiceSectionTests {
    @Test func aTableSaysHowItIsWrittenAndWhatBecomesOfMissingValues() throws {
        let run = try readConfiguration(
            configurationText(
                """
                data:
                  name: csv
                  path: t/train.csv
                  testPath: test.csv
                  separator: "§"
                  decimal: comma
                  missing: ["-999"]
                  categorical: [sex]
                  unknown: zero
                  fill: {others: median, sex: mostFrequent, age: 3.5, town: "none given"}
                  indicateMissing: true

                """))
        var settings = TableSettings(separator: "§", categorical: ["sex"])
        (settings.decimal, settings.missing, settings.unknown) = (.comma, ["-999"], .zero)
        settings.indicatesMissing = true
        settings.fill = FillSettings(
            others: .median,
            columns: [
                .init(name: "sex", rule: .mostFrequent), .init(name: "age", rule: .value("3.5")),
                .init(name: "town", rule: .value("none given")),
            ])
        #expect(run.data.dataset.isEqual(to: CSV(table: settings, test: 0, testPath: "test.csv")))
        try expectRoundTrip(run)
        let simple = try readConfiguration(
            configurationText("data: {name: csv, path: a, fill: mean, separator: bar}\n"))
        #expect(
            (simple.data.dataset as? CSV)?.table.fill == FillSettings(others: .mean)
                && (simple.data.dataset as? CSV)?.table.separator == "|")
        try expectRoundTrip(simple)
        for (keys, words) in [
            ("separator: pipe", "or one character"), ("separator: '\"'", "quotes enclose values"),
            ("fill: [mean]", "a list"),
            ("fill: {a: {b: c}}", "a map"), ("test: 0.1, testPath: x", "'test' and 'testPath', which exclude"),
            ("unknown: one", "'one'"),
        ] {
            let problem = configurationProblem(configurationText("data: {name: csv, path: a, \(keys)}\n"))
            #expect(problem?.contains(words) == true, "\(keys): \(problem ?? "taken")")
        }
        // Who writes the header down means it.
        func isGuess(_ keys: String) throws -> Bool? {
            let run = try readConfiguration(configurationText("data: {name: csv, path: a\(keys)}\n"))
            return (run.data.dataset as? CSV)?.table.headerIsGuess.isOne
        }
        #expect(try isGuess("") == true && isGuess(", header: true") == false && isGuess(", columns: [a]") == false)
    }

    @Test func preprocessingIsAChoiceOrAListOfSteps() throws {
        func read(_ text: String) throws -> Preprocessing {
            let run = try readConfiguration(

                configurationText("data: {name: cifar10, path: a, preprocessing: \(text)}\n"))
            try expectRoundTrip(run)
            return run.data.preprocessing
        }
        #expect(try read("none") == .none && read("[standardize]") == .standardize)
        #expect(
            try read("[meanSubtraction, {scale: [-1, 1]}, {resize: 40}, {crop: [28, 24]}]")
                == Preprocessing([
                    .meanSubtraction, .scale(lower: -1, upper: 1), .resize(.single(40)),
                    .crop(.sides(height: 28, width: 24)),
                ]))
        // A single name stands in config.yaml as it always has.
        let single = try readConfiguration(configurationText("data: {name: digits, preprocessing: meanSubtraction}\n"))
        #expect(try single.resolvedYAML().contains("\n  preprocessing: meanSubtraction\n"))
        for (text, words) in [
            ("[standardize, meanSubtraction]", "keep one of them"),
            ("[standardize, {scale: [0, 1]}]", "keep one of them"),
            ("[{scale: [1, -1]}]", "the smaller one first"), ("[{scale: 3}]", "data.preprocessing.0.scale"),
            ("{crop: 3}", "steps are a list; write [{crop: 3}]"), ("[{crop: 0}]", "at least 1"), ("[none]", "'none'"),
            ("[{resize: [1, 2, 3]}]", "one number, or the height and the width"), ("[]", "not empty"),
            ("[{scal: [0, 1]}]", "did you mean 'scale'"),
        ] {
            let problem = configurationProblem(
                configurationText("data: {name: digits, preprocessing: \(text)}\n"))
            #expect(problem?.contains(words) == true, "\(text): \(problem ?? "taken")")
        }
        #expect(
            configurationProblem(configurationText("data: {name: digits, targetPreprocessing: [{crop: 3}]}\n"))?
                .contains(
                    "take resize and crop away") == true)
    }

    @Test func classesAreLeftOutByNameOrNumberAndBalanced() throws {
        let run = try readConfiguration(
            configurationText("data: {name: digits, exclude: [3, \"7\"], balance: classes}\n"))
        #expect(run.data.excluded == ["3", "7"] && run.data.balance == .classes)
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: digits\n"))
        #expect(bare.data.excluded.isEmpty && bare.data.balance == nil && bare.data != run.data)
        #expect(
            configurationProblem(configurationText("data: {name: digits, balance: groups}\n"))?.contains("classes")
                == true)
    }
}
