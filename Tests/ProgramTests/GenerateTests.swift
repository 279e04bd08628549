import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Trained models that go on with a text by themselves.
    @Suite struct Generation {
        private let program: Program
        private let directory: TemporaryDirectory
        /// Of one, two, three and four bytes a character.
        private static let text = String(repeating: "abc über λόγος, 猫 und 👩 [x].\n", count: 60)
        private static let vocabularies = [
            "distinct", "bytes", "characters", "{bpe: 60}",
        ]

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// Trains a small model on the text, whose file then goes away; its run directory.
        private func trained(_ vocabulary: String, layers: String = "{rnn: 24}", steps: Int = 40) throws -> String {
            let tokens =
                switch vocabulary {
                case "distinct": Set(Self.text.utf8).count
                case "bytes": 256
                case "characters": Set(Self.text.unicodeScalars).count
                default: 60
                }
            let text = try directory.write(Array(Self.text.utf8), to: "text.txt")
            let configuration = try directory.write(
                Array(
                    """
                    model: {input: [16], layers: [{embedding: 12}, \(layers), {linear: \(tokens)}]}
                    data: {name: text, path: \(text), window: 16, vocabulary: \(vocabulary)}
                    batch: 4
                    maxSteps: \(steps)
                    metrics: [bitsPerCharacter, {perplexity: {per: character}}]
                    optimizer: {name: adam, learningRate: 0.01}
                    """.utf8), to: "text.yaml")
            let run = directory.file("run")
            let outcome = try program.run(["train", configuration, "--run", run, "--resume", "never"])
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            #expect(outcome.lastLine.contains("valBitsPerCharacter=") && outcome.lastLine.contains("valCharacterPer"))
            try FileManager.default.removeItem(atPath: text)
            return run
        }

        private func generate(_ arguments: [String], ranks: Int? = nil) throws -> String {
            let outcome = try program.run(["generate"] + arguments, ranks: ranks)
            try #require(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.account)")
            return outcome.output
        }

        @Test(arguments: vocabularies)
        func `a text depends on weights, seed and options alone, and is as long as was asked`(vocabulary: String) throws
        {
            let run = try trained(vocabulary)
            let text = try generate([run, "--prime", "über ", "--length", "60", "--seed", "3"])
            #expect(text.hasPrefix("über ") && text.hasSuffix("\n"))
            // Bytes that a little trained model puts in a wrong order are no characters.
            if vocabulary == "characters" { #expect(text.unicodeScalars.count == 5 + 60 + 1) }
            #expect(try generate([run, "--prime", "über ", "--length", "60", "--seed", "3"], ranks: 2) == text)
            let longer = try generate([run, "--prime", "über ", "--length", "90", "--seed", "3"])
            #expect(longer.hasPrefix(text.dropLast()) && longer.count > text.count)
            let file = try generate(["\(run)/final.safetensors", "--prime", "über ", "--length", "60", "--seed", "3"])
            #expect(file == text)
            #expect(try generate([run, "--prime", "über ", "--length", "60", "--seed", "4"]) != text)
            let bracketed = try generate([run, "--prime", "[über ]", "--length", "60", "--seed", "3"])
            #expect(bracketed == "[über ]" + text.dropFirst(5))
            let begun = try generate([run, "--prime", "\n", "--length", "60", "--seed", "3"])
            #expect(try "\n" + generate([run, "--length", "60", "--seed", "3"]) == begun)
            let brackets = try generate([run, "--prime", "[[x]]", "--length", "9", "--temperature", "0"])
            #expect(brackets.hasPrefix("[[x]]"))
            let likeliest = try generate([run, "--prime", "abc ", "--length", "20", "--temperature", "0"])
            #expect(
                try generate([run, "--prime", "abc ", "--length", "20", "--top-k", "1", "--seed", "9"]) == likeliest)
        }

        @Test func `the likeliest characters are those that the whole sequence gives`() throws {
            let run = try trained("characters", layers: "{rnn: 24}, {rnn: 24}", steps: 150)
            let characters = Set(Self.text.unicodeScalars).sorted()
            let text = try generate([run, "--prime", "abc ", "--length", "12", "--temperature", "0"])
            let tokens = text.unicodeScalars.dropLast().compactMap { characters.firstIndex(of: $0) }
            try #require(tokens.count == 16, "\(text)")
            let input = directory.file("tokens.safetensors")
            let source = TensorSource(name: "tokens", shape: [1, 16]) { target in
                for index in target.indices { target[index] = Float(tokens[index]) }
            }
            try SafetensorsFile(metadata: [:], sources: [source]).write(to: input)
            let outputs = directory.file("outputs.safetensors")
            let predicted = try program.run(["predict", run, input, "--outputs", outputs])
            try #require(predicted.exitCode == 0, "\(predicted.account)")
            let file = try SafetensorsFile(path: outputs)
            let name = try #require(file.tensors.first?.name)
            let scores = try file.floats(of: name)
            for place in 3..<15 {
                let row = scores[characters.count * place..<characters.count * (place + 1)]
                let likeliest = try #require(row.indices.max { row[$0] < row[$1] }) - row.startIndex
                #expect(likeliest == tokens[place + 1], "place \(place)")
            }
        }

        @Test func `what can't be generated is refused, and the message says what to do`() throws {
            let run = try trained("distinct")
            let wrong: [(arguments: [String], code: Int32, words: String)] = [
                (["--prime", "abç"], 64, "'ç' (U+00E7), character 3, is in none of the"),
                (["--prime", "ab€ü"], 64, "'€' (U+20AC), character 3"),
                (["--prime", ""], 64, "--prime: it is empty"), (["--prime", "[]"], 64, "--prime: it is empty"),
                (["--length", "0"], 64, "--length 0: give 1 to"), (["--length", "-3"], 64, "--length -3"),
                (["--temperature", "-0.1"], 64, "--temperature -0.1"), (["--temperature", "inf"], 64, "--temperature"),
                (["--top-k", "0"], 64, "--top-k 0: give at least 1"), (["--seed", "-1"], 64, "--seed -1"),
                (["--given", "digit"], 64, "--given digit: give FIELD=VALUE"),
                (["--given", "digit=3"], 64, "the model takes no 'digit'; leave it out"),
            ]
            for (arguments, code, words) in wrong {
                let outcome = try program.run(["generate", run] + arguments)
                #expect(outcome.exitCode == code && outcome.errors.contains(words), "\(outcome.account)")
                #expect(outcome.output.isEmpty)
            }
            let nowhere = try program.run(["generate", directory.file("nowhere")])
            #expect(nowhere.exitCode == 65 && nowhere.errors.contains("no weights there"), "\(nowhere.account)")
            let mixing = try program.run([
                "generate", try trained("distinct", layers: "{groupNorm: 1}, {rnn: 8}"),
            ])
            #expect(
                mixing.exitCode == 64 && mixing.errors.contains("layer 1: it reads steps that come"),
                "\(mixing.account)")
            let images = try program.run(Scenario.lenet5.arguments(in: directory) + ["--resume", "never"])
            #expect(images.exitCode == 0)
            let digits = try program.run(["generate", directory.file("run")])
            #expect(
                digits.exitCode == 64 && digits.errors.contains("there is nothing to generate"), "\(digits.account)")
        }

        @Test func `weights that are no numbers give an error, not a text`() throws {
            let run = try trained("distinct", steps: 1)
            let path = "\(run)/final.safetensors"
            let file = try SafetensorsFile(path: path)
            let sources = try file.tensors.map { tensor in
                let values = try file.floats(of: tensor.name)
                return TensorSource(name: tensor.name, shape: tensor.shape) { target in
                    for index in target.indices { target[index] = index == 0 ? .nan : values[index] }
                }
            }
            try SafetensorsFile(metadata: file.metadata, sources: sources).sealed().write(to: path)
            let outcome = try program.run(["generate", path])
            #expect(outcome.exitCode == 65 && outcome.errors.contains("not finite numbers"), "\(outcome.account)")
        }

        @Test func `a reader that has enough ends it without a word`() throws {
            let run = try trained("characters")
            let command = "set -o pipefail; '\(program.path)' generate '\(run)' --length 1000000000 | head -c 10"
            let job = try RunningProgram(
                ["bash", "-c", command], environment: ProcessInfo.processInfo.environment, directory: nil)
            let outcome = job.wait(timeoutSeconds: 30)
            #expect(outcome.exitCode == 0 && outcome.errors.isEmpty && !outcome.timedOut, "\(outcome.account)")
            #expect(!outcome.output.isEmpty)
        }

        @Test func `an interrupt ends it at once, after whole characters`() throws {
            let run = try trained("bytes", steps: 300)
            let job = try program.start(["generate", run, "--length", "1000000000", "--temperature", "0"])
            #expect(job.wait { $0.output.utf8.count > 2000 })
            job.signal(SIGINT)
            let outcome = job.wait(timeoutSeconds: 5)
            #expect(outcome.exitCode == 128 + SIGINT && !outcome.timedOut, "\(outcome.account.suffix(300))")
            #expect(!outcome.output.contains("\u{FFFD}"), "\(outcome.output.suffix(100))")
            let full = try program.run(["generate", run], through: nil, timeoutSeconds: 30)
            #expect(full.exitCode == 0)
        }
    }
}
