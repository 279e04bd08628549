import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Losses and metrics of classes, from the configuration to the last line.
    @Suite struct Losses {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func write(_ text: String, to name: String) throws -> String {
            try directory.write(Array(text.utf8), to: name)
        }

        private func figure(_ name: String, of line: String) -> Double? {
            line.split(separator: " ").first { $0.hasPrefix(name + "=") }.flatMap {
                Double($0.dropFirst(name.count + 1))
            }
        }

        // MARK: - Weights of classes and samples

        private static let weighted = """
            model: {input: [28, 28, 1], layers: [flatten, {linear: 24}, relu, {name: digit, linear: 10}, softmax]}
            data: {name: digits, limit: 250, validation: 55}
            batch: 50
            grain: 15
            maxSteps: 9
            loss: {crossEntropy: {labelSmoothing: 0.1, classWeights: balanced, sampleWeights: strokeWidth}}
            metrics: [accuracy, {f1: {average: macro}}]
            optimizer: {name: adam, learningRate: 0.003}
            validation: {everySteps: 4}
            checkpoint: {everySteps: 4}
            seed: 3

            """

        @Test func `weighted classes and samples and a final softmax have one result on any ranks and threads`() throws
        {
            let config = try write(Self.weighted, to: "weighted.yaml")
            func train(_ run: String, _ ranks: Int?, _ threads: Int) throws -> Program.Outcome {
                let outcome = try program.run(
                    ["train", config, "--run", directory.file(run), "--threads", "\(threads)"], ranks: ranks)
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                return outcome
            }
            let first = try train("1x1", nil, 1)
            #expect(
                first.output.contains("crossEntropy of 4 is computed from the logits before its softmax"),
                "\(first.account)")
            let names = first.lastLine.split(separator: " ").compactMap { $0.split(separator: "=").first }
            #expect(
                names.map(String.init)
                    == ["final:", "epochs", "steps", "valLoss", "valAccuracy", "valMacroF1", "digest"])
            for (ranks, threads) in [(3, 2), (2, 1)] {
                let other = try train("\(ranks)x\(threads)", ranks, threads)
                #expect(other.lastLine == first.lastLine)
            }
            // What is not balanced ends elsewhere.
            let plain = try program.run(
                ["train", config, "--run", directory.file("plain"), "--threads", "1", "--set"]
                    + ["loss={crossEntropy: {labelSmoothing: 0.1, sampleWeights: strokeWidth}}"])
            #expect(plain.exitCode == 0 && plain.lastLine != first.lastLine, "\(plain.account)")

            for section in ["confusion", "mistakes", "filters"] {
                let own = try reportSection(section, of: "1x1")
                #expect(own.contains("<figure>"), "\(section)")
                for other in ["3x2", "2x1"] { #expect(try reportSection(section, of: other) == own, "\(section)") }
            }
            try checkEvaluation("1x1")
            try checkPrediction("1x1")
        }

        /// A part of the page that a run wrote.
        private func reportSection(_ id: String, of run: String) throws -> String {
            let page = String(decoding: try directory.read(run + "/report.html"), as: UTF8.self)
            let rest = try #require(page.components(separatedBy: "<section id=\"\(id)\">").dropFirst().first, "\(id)")
            return rest.components(separatedBy: "</section>")[0]
        }

        /// The table adds up to the samples, and the accuracy follows from it; the same from every number of ranks.
        private func checkEvaluation(_ run: String) throws {
            let outcomes = try [nil, 3].map { ranks in
                try program.run(["evaluate", directory.file(run), "--confusion"], ranks: ranks)
            }
            try #require(outcomes[0].exitCode == 0, "\(outcomes[0].account)")
            #expect(outcomes[0].output == outcomes[1].output)
            let lines = outcomes[0].output.split(separator: "\n").map(String.init)
            let rows = lines.filter { $0.first?.isNumber == true }.map { $0.split(separator: " ").map(String.init) }
            try #require(rows.count == 10 && rows.allSatisfy { $0.count == 14 }, "\(outcomes[0].account)")
            let counts = rows.map { $0[1...10].compactMap { Int($0) } }
            let samples = counts.joined().reduce(0, +)
            let right = counts.indices.reduce(0) { $0 + counts[$1][$1] }
            let last = try #require(lines.last)
            #expect(figure("samples", of: last) == Double(samples))
            #expect(figure("accuracy", of: last) == Double(right) / Double(samples))
            #expect(lines[0].hasPrefix("confusion of 4, ") && lines.contains { $0.hasPrefix("mean of all classes") })
        }

        /// The probability that a line gives is that of the output's tensor: no second softmax.
        private func checkPrediction(_ run: String) throws {
            let image = try directory.write(SliceData.picture, to: "one.pgm")
            let outputs = directory.file("outputs.safetensors")
            _ = try program.run(["predict", directory.file(run), image, "--outputs", outputs])
            let values = try SafetensorsFile(path: outputs).floats(of: "4")
            #expect(values.count == 10 && abs(values.reduce(0, +) - 1) < 1e-5)
            let line = try program.run(["predict", directory.file(run), image]).lastLine
            let most = try #require(values.max())
            #expect(line.hasSuffix(": \(values.firstIndex(of: most) ?? -1) probability=\(most)"), "\(line)")
        }

        @Test func `a run without classes has no table to print`() throws {
            let config = try write(
                """
                model: {input: [28, 28, 1], layers: [flatten, {linear: 1}]}
                data: {name: digits, limit: 100, validation: 20}
                batch: 20
                maxSteps: 2
                loss: {mse: {target: slant}}
                optimizer: {name: sgd, learningRate: 0.01}
                """, to: "slant.yaml")
            let run = directory.file("slant")
            let trained = try program.run(["train", config, "--run", run])
            try #require(trained.exitCode == 0, "\(trained.account)")
            let outcome = try program.run(["evaluate", run, "--confusion"])
            #expect(outcome.exitCode == 64 && outcome.errors.contains("take --confusion away"), "\(outcome.account)")
        }

        // MARK: - One output for two classes

        private static let configurations = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("configs").path

        @Test(
            .enabled(if: dataFolder != nil, needsData),
            arguments: [
                [], ["loss=logLoss"], ["loss=binaryCrossEntropy"],
                ["loss=binaryCrossEntropy", "model.layers=[{linear: 1}, sigmoid]"],
                ["loss=maxMargin", "model.layers=[{linear: 2}]"],
            ])
        func `banknotes are told apart by every loss of two classes`(overrides: [String]) throws {
            let trained = try program.run(
                ["train", "\(Self.configurations)/svm.yaml", "--threads", "1"]
                    + overrides.flatMap { ["--set", $0] }, in: directory.path)
            try #require(trained.exitCode == 0, "\(trained.account)")
            let test = try program.run(["evaluate", "runs/svm", "--threads", "1"], in: directory.path)
            let accuracy = try #require(figure("accuracy", of: test.lastLine), "\(test.account)")
            #expect(accuracy >= 0.98, "\(overrides): \(test.lastLine)")
            #expect(figure("f1", of: test.lastLine) ?? 0 >= 0.97, "\(test.lastLine)")
        }

        // MARK: - What the data must be

        /// A table of four columns, whose third is the target and whose last is a weight.
        private func refusal(
            _ rows: [String], _ loss: String, features: Int = 2, units: Int = 1, _ keys: String = "target: y"
        ) throws -> String {
            let table = try write("a,b,y,w\n" + rows.joined(separator: "\n") + "\n", to: "table.csv")
            let config = try write(
                """
                model: {input: [\(features)], layers: [{linear: \(units)}]}
                data: {name: csv, path: \(table), \(keys), sampleWeights: w, validation: 2, test: 0}
                batch: 2
                maxSteps: 1
                loss: \(loss)
                optimizer: {name: sgd, learningRate: 0.01}
                """, to: "table.yaml")
            let outcome = try program.run(["train", config, "--run", directory.file("table"), "--threads", "1"])
            #expect(
                outcome.exitCode == (outcome.errors.isEmpty ? 0 : 64) && !outcome.output.contains("step"),
                "\(outcome.account)")
            return outcome.errors
        }

        private static let rows = ["1,2,0,1", "2,1,1,1", "0,1,1,2", "1,1,0,0", "3,1,0.5,1", "2,2,1,1"]

        @Test func `targets and weights that the loss can't take are refused before the first step`() throws {
            var wrong = Self.rows
            wrong[3] = "1,1,3.5,1"
            let shares = try refusal(wrong, "binaryCrossEntropy")
            #expect(
                shares.contains("table.yaml:5:7: 'loss': 'y' of sample 3 of csv") && shares.contains("has 3.5, and "),
                "\(shares)")
            #expect(shares.contains("binaryCrossEntropy of 0 compares shares of 1; scale the field"), "\(shares)")
            let signs = try refusal(Self.rows, "hinge")
            #expect(signs.contains("hinge of 0 takes −1 and 1; give these, or make the field one of two"), "\(signs)")
            wrong = Self.rows
            wrong[0] = "1,2,0,-1"
            let weights = try refusal(wrong, "{mse: {sampleWeights: w}}")
            #expect(weights.contains("'w' of sample 0 of csv") && weights.contains("at least 0"), "\(weights)")
            let none = try refusal(
                Self.rows.map { $0.dropLast() + "0" }, "{mse: {sampleWeights: w}}")
            #expect(none.contains("'w' is 0 in all samples"), "\(none)")
            let distribution = try refusal(Self.rows, "crossEntropy", features: 1, units: 2, "target: [y, b]")
            #expect(
                distribution.contains("'targets' of sample ") && distribution.contains("crossEntropy of 0 compares"),
                "\(distribution)")
        }

        @Test func `pixels beyond 0 to 1 are refused as targets of a binary cross-entropy`() throws {
            let config = try write(
                """
                model: {input: [784], layers: [{linear: 784}, sigmoid]}
                data: {name: digits, limit: 100, validation: 20}
                batch: 20
                maxSteps: 1
                losses: [ {binaryCrossEntropy: {target: image}} ]
                optimizer: {name: sgd, learningRate: 0.01}
                """, to: "pixels.yaml")
            let outcome = try program.run(["train", config, "--run", directory.file("pixels")])
            #expect(outcome.exitCode == 64, "\(outcome.account)")
            #expect(outcome.errors.contains("set data.preprocessing: none, or use mse"), "\(outcome.account)")
            let none = try program.run(
                ["train", config, "--run", directory.file("pixels"), "--set", "data.preprocessing=none"])
            #expect(none.exitCode == 0, "\(none.account)")
        }

        @Test func `a number that is no token is refused with those that are`() throws {
            let text = try write(String(repeating: "abcd", count: 60), to: "text.txt")
            let config = try write(
                """
                model: {input: [5], layers: [{embedding: 3}, {linear: 4}]}
                data: {name: text, path: \(text), window: 5, validation: 4}
                batch: 4
                maxSteps: 1
                optimizer: {name: sgd, learningRate: 0.01}
                """, to: "text.yaml")
            let run = directory.file("text")
            let trained = try program.run(["train", config, "--run", run])
            try #require(trained.exitCode == 0, "\(trained.account)")
            for (name, wrong) in [("large", Float(4)), ("half", 1.5), ("negative", -1)] {
                let path = directory.file(name + ".safetensors")
                let source = TensorSource(name: "tokens", shape: [1, 5]) { target in
                    for index in target.indices { target[index] = index == 2 ? wrong : 3 }
                }
                try SafetensorsFile(metadata: [:], sources: [source]).write(to: path)
                let outcome = try program.run(["predict", run, path])
                #expect(outcome.exitCode != 0, "\(outcome.account)")
                #expect(
                    outcome.errors.contains(
                        "\(path): tensor 'tokens' has the number \(wrong), but only 0 to 3 stand for anything"),
                    "\(outcome.account)")
            }
        }
    }
}
