import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Tables with gaps, classes left out and balanced, images resized: in training, evaluation and prediction.
    @Suite struct DataChoices {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// 200 rows of three kinds, of the first nine times as many as of the second, with gaps.
        private static let table: String = {
            let rows = (0..<200).map { row in
                let kind = row % 20 == 19 ? "other" : row % 10 == 4 ? "forged" : "genuine"
                let shift = kind == "forged" ? 3.0 : 0
                let first = row % 7 == 3 ? "" : String(format: "%.3f", Double(row * 17 % 29) / 10 + shift)
                let second = String(format: "%.3f", Double(row * 5 % 31) / 10 - shift)
                return "\(first);\(second);\(row % 11 == 5 ? "?" : ["north", "south"][row % 2]);\(kind)"
            }
            return "length;width;place;kind\n" + rows.joined(separator: "\n") + "\n"
        }()

        private func tableConfiguration(_ more: String = "") throws -> String {
            try directory.write(Array(Self.table.utf8), to: "notes.csv")
            return try directory.write(
                Array(
                    """
                    model: {input: [6], layers: [ {linear: 8}, relu, {linear: 3} ]}
                    data:
                      name: csv
                      path: '\(directory.path)/notes.csv'
                      separator: ";"
                      target: kind
                      targetKind: classes
                      categorical: [place]
                      fill: {length: median, place: mostFrequent}
                      indicateMissing: true
                      exclude: [other]
                      balance: classes
                      validation: 0.2
                    \(more)
                    batch: 32
                    grain: 8
                    epochs: 3
                    loss: crossEntropy
                    optimizer: {name: adam, learningRate: 0.02}
                    validation: {everySteps: 5}
                    checkpoint: {everySteps: 4}
                    seed: 5

                    """.utf8), to: "notes.yaml")
        }

        @Test
        func `balanced classes of a table with gaps give the same bits for any ranks, threads and after a restart`()
            throws
        {
            let config = try tableConfiguration()
            // The order is that of a balanced epoch, so without balance the weights are others.
            var expected: FileContent?
            for (ranks, threads) in [(1, 1), (1, 2), (2, 1), (3, 2)] {
                let run = "np\(ranks)-\(threads)"
                let outcome = try program.run(
                    ["train", config, "--run", directory.file(run), "--threads", "\(threads)"],
                    ranks: ranks == 1 ? nil : ranks)
                try #require(outcome.exitCode == 0, "\(run): \(outcome.account)")
                let weights = try FileContent(directory.file(run + "/final.safetensors"))
                #expect(expected == nil || weights == expected, "\(run) gives other weights")
                expected = weights
            }
            let first = try program.run(
                ["train", config, "--run", directory.file("twice"), "--max-steps", "7", "--threads", "1"])
            try #require(first.exitCode == 0, "\(first.account)")
            let second = try program.run(["train", config, "--run", directory.file("twice"), "--threads", "2"])
            try #require(second.exitCode == 0, "\(second.account)")
            #expect(try FileContent(directory.file("twice/final.safetensors")) == expected)
            let plain = try program.run(
                ["train", config, "--run", directory.file("plain"), "--set", "data.balance=null"])
            try #require(plain.exitCode == 0, "\(plain.account)")
            #expect(try FileContent(directory.file("plain/final.safetensors")) != expected)
        }

        @Test func `a row with a gap is predicted as one that holds what training fills in`() throws {
            let config = try tableConfiguration()
            let trained = try program.run(["train", config, "--run", directory.file("run")])
            try #require(trained.exitCode == 0, "\(trained.account)")
            let evaluated = try program.run(["evaluate", directory.file("run")])
            #expect(evaluated.exitCode == 0 && evaluated.output.contains("accuracy="), "\(evaluated.account)")
            func predict(_ text: String) throws -> Program.Outcome {
                let path = try directory.write(Array(text.utf8), to: "new.csv")
                return try program.run(["predict", directory.file("run"), path])
            }
            let both = try predict("length;width;place\n;1.0;north\n1.4;1.0;\n")
            let lines = both.output.split(separator: "\n").map { $0.drop { $0 != " " } }
            try #require(lines.count == 2, "\(both.account)")
            #expect(lines.allSatisfy { $0.contains("probability=") && !$0.contains("nan") }, "\(both.account)")
            let unknown = try predict("length;width;place\n1;1;west\n")
            #expect(unknown.exitCode == 65, "\(unknown.account)")
            #expect(
                unknown.errors.contains("new.csv:2: column 'place': 'west' is none of the categories"),
                "\(unknown.account)")
            let missing = try predict("length;width;place\n1;;north\n")
            #expect(missing.errors.contains("new.csv:2: column 'width': the value is missing"), "\(missing.account)")
        }

        @Test func `images that training resized and cropped are so when weights are used`() throws {
            let data = try SliceData()
            let yaml = """
                model: {input: [16, 16, 1], layers: [ flatten, {linear: 10} ]}
                data:
                  name: mnist
                  path: '\(data.directory.path)/mnist'
                  validation: 40
                  preprocessing: [meanSubtraction, {scale: [-1, 1]}, {resize: 20}, {crop: 16}]
                batch: 40
                grain: 20
                epochs: 3
                loss: crossEntropy
                metrics: [accuracy]
                optimizer: {name: sgd, learningRate: 0.1}

                """
            let config = try directory.write(Array(yaml.utf8), to: "small.yaml")
            let summary = try program.run(["summary", config])
            #expect(summary.exitCode == 0, "\(summary.account)")
            let trained = try program.run(["train", config, "--run", directory.file("run")])
            try #require(trained.exitCode == 0, "\(trained.account)")
            let evaluated = try program.run(["evaluate", directory.file("run")])
            let accuracy = try #require(evaluated.output.firstMatch(of: /accuracy=([0-9.]+)/)).1
            // Other parts have other samples.
            let samples = try ["train", "validation", "test"].map { part in
                let outcome = try program.run(["evaluate", directory.file("run"), "--split", part])
                return try #require(outcome.output.firstMatch(of: /samples=([0-9]+)/), "\(outcome.account)").1
            }
            #expect(samples == ["200", "40", "40"])
            let refused = try program.run(["evaluate", directory.file("run"), "--split", "training"])
            #expect(refused.exitCode == 64 && refused.errors.contains("give one of train, validation, test"))
            // The test's pictures as they lie in their file: the same share of them is recognised.
            let images = data.directory.file("mnist/t10k-images-idx3-ubyte")
            let predicted = try program.run(["predict", directory.file("run"), images])
            let answers = predicted.output.split(separator: "\n").compactMap {
                $0.firstMatch(of: /: ([0-9]) probability/).map { Int($0.1) }
            }
            try #require(answers.count == 40, "\(predicted.account)")
            let right = answers.enumerated().count { $0.element == $0.offset * 7 % 10 }
            #expect(abs(Double(right) / 40 - (try #require(Double(accuracy)))) < 1e-6, "\(right) of 40, \(accuracy)")
            let tooLarge = try program.run(
                ["train", config, "--run", directory.file("other"), "--set", "data.preprocessing.3.crop=24"])
            #expect(tooLarge.exitCode == 65, "\(tooLarge.account)")
            #expect(
                tooLarge.errors.contains("crop: 24×24 is larger; crop less, or resize before"), "\(tooLarge.account)")
        }

        @Test func `trainer data tells what a table holds, as text and as JSON`() throws {
            let config = try tableConfiguration()
            let text = try program.run(["data", config])
            #expect(text.exitCode == 0, "\(text.account)")
            for words in ["training", "validation", "test", "genuine", "length?", "forged"] {
                #expect(text.output.contains(words), "\(text.account)")
            }
            let outcome = try program.run(["data", config, "--json", "--threads", "1", "--set", "data.balance=null"])
            let found = try #require(
                try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
            let parts = try #require(found["parts"] as? [[String: Any]])
            #expect(parts.map { $0["part"] as? String } == ["training", "validation", "test"])
            #expect(parts.compactMap { $0["samples"] as? Int }.reduce(0, +) == 190)
            let warnings = try #require(found["warnings"] as? [String])
            #expect(warnings.contains { $0.contains("data.balance: classes") }, "\(warnings)")
            // It is left out on purpose.
            #expect(!warnings.contains { $0.contains("'other'") }, "\(warnings)")
            let drawn = try directory.write(Array(Scenario.lenet5.yaml.utf8), to: "digits.yaml")
            #expect(try program.run(["data", drawn]).exitCode == 0)
            let wrong = try program.run(["data", config, "--set", "data.exclude=[nothing]"])
            #expect(wrong.exitCode == 64 && wrong.errors.contains("genuine, other"), "\(wrong.account)")
        }
    }
}
