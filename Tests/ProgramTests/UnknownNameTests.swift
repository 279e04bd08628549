import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Names that only models and data can tell right from wrong are refused before the first step, with their place in
    /// the file and the names that there are.
    @Suite struct UnknownNames {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private static let yaml = """
            model:
              input: [28, 28, 1]
              layers:
                - flatten
                - {name: trunk, linear: 8}
                - {name: digit, from: trunk, linear: 10}
                - {name: slant, from: trunk, linear: 1}
            data: {name: digits, limit: 100, validation: 20}
            losses:
              - {crossEntropy: {of: digit, target: label}}
              - {mse: {of: slant, target: slant}}
            metrics: [ {accuracy: {of: digit}} ]
            batch: 32
            maxSteps: 3
            optimizer: {name: sgd, learningRate: 0.1}

            """

        /// What is written wrongly, and what the error must say.
        struct Mistake: CustomTestStringConvertible, Sendable {
            let right: String
            let wrong: String
            let words: [String]
            var testDescription: String { wrong }
        }

        private static let mistakes = [
            Mistake(
                right: "{of: digit, target: label}", wrong: "{of: digits, target: label}",
                words: [
                    "names.yaml:10:25: ", "losses.0.crossEntropy.of", "'digits'", "did you mean 'digit'", "trunk",
                    "slant",
                ]),
            Mistake(
                right: "target: label", wrong: "target: lable",
                words: [
                    "names.yaml:10:40: ", "losses.0.crossEntropy.target", "did you mean 'label'", "image",
                    "strokeWidth",
                ]),
            Mistake(
                right: "[ {accuracy: {of: digit}} ]", wrong: "[ {accuracy: {of: slant}} ]",
                words: [
                    "names.yaml:12:12: ", "accuracy does not measure numbers, as 'slant' is", "rmse, squaredError, mae",
                ]),
            Mistake(
                right: "batch: 32", wrong: "freeze: '*'\nbatch: 32",
                words: ["names.yaml:1:1: ", "it trains nothing", "change `train` and `freeze`"]),
            Mistake(
                right: "batch: 32", wrong: "freeze: [trunk.*, 'trunks.*']\nbatch: 32",
                words: ["names.yaml:13:19: ", "freeze.1", "no parameter is named like this", "trunk.weight"]),
            Mistake(
                right: "input: [28, 28, 1]", wrong: "inputs: {imag: [28, 28, 1]}",
                words: ["names.yaml:2:12: ", "model.inputs.imag", "did you mean 'image'", "strokeWidth"]),
            Mistake(
                right: "input: [28, 28, 1]", wrong: "inputs: {image: [28, 27, 1]}",
                words: ["names.yaml:2:12: ", "[28, 27, 1] is not the shape of 'image'", "give [28, 28, 1]"]),
        ]

        @Test(arguments: mistakes)
        func `a wrong name is refused before the first step`(mistake: Mistake) throws {
            try #require(Self.yaml.contains(mistake.right))
            let yaml = Self.yaml.replacingOccurrences(of: mistake.right, with: mistake.wrong)
            try directory.write(Array(yaml.utf8), to: "names.yaml")
            let outcome = try program.run(["train", "names.yaml", "--threads", "1"], in: directory.path)
            #expect(outcome.exitCode == 64 && outcome.output.isEmpty, "\(outcome.account)")
            for word in mistake.words { #expect(outcome.errors.contains(word), "no '\(word)': \(outcome.account)") }
            #expect(!FileManager.default.fileExists(atPath: directory.file("runs/names/metrics.jsonl")))
        }

        @Test func `the same configuration without a mistake trains`() throws {
            try directory.write(Array(Self.yaml.utf8), to: "names.yaml")
            let outcome = try program.run(["train", "names.yaml", "--threads", "1"], in: directory.path)
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }
    }
}
