import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Trained models that answer, and such that make sound.
    @Suite struct GeneratedAnswers {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func trained(_ configuration: String, in folder: String? = nil) throws -> String {
            let file = try directory.write(Array(configuration.utf8), to: "run.yaml")
            let run = directory.file("run")
            let outcome = try program.run(["train", file, "--run", run, "--resume", "never"])
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            return run
        }

        private func refusals(_ run: String, _ wrong: [(arguments: [String], words: String)]) throws {
            for (arguments, words) in wrong {
                let outcome = try program.run(["generate", run] + arguments)
                #expect(outcome.exitCode == 64 && outcome.errors.contains(words), "\(outcome.account)")
                #expect(outcome.output.isEmpty)
            }
        }

        @Test func `an encoder and a decoder answer what is given`() throws {
            let run = try trained(
                """
                model:
                  inputs: {source: [3], previous: [4]}
                  layers:
                    - {name: letters, from: source, embedding: 16}
                    - {name: encoder, gru: {units: 48, returns: state}}
                    - {name: written, from: previous, embedding: 16}
                    - {name: decoder, from: [written, encoder], gru: 48}
                    - {linear: 12}
                data: {name: strings, answer: reverse, longest: 3, training: 4000, validation: 100}
                objective: {encoderDecoder: {beams: 2}}
                batch: 64
                grain: 32
                epochs: 12
                optimizer: {name: adam, learningRate: 0.01}
                """)
            for arguments in [[], ["--beams", "3"], ["--temperature", "0"], ["--top-k", "1"]] {
                let outcome = try program.run(["generate", run, "--given", "source=abd"] + arguments)
                #expect(outcome.exitCode == 0 && outcome.output == "dba\n", "\(outcome.account)")
            }
            try refusals(
                run,
                [
                    ([], "the model takes source too; add --given source="),
                    (["--given", "source=abcd"], "4 words are more than the 3"),
                    (["--given", "source=aZ"], "'Z' is no class of source"),
                    (["--given", "source=ab", "--prime", "x"], "--prime: the model generates no text"),
                    (["--given", "source=ab", "--seconds", "1"], "--seconds: the model generates no sound"),
                    (["--given", "source=ab", "--beams", "0"], "--beams 0: give 1 to"),
                ])
        }

        @Test func `a model of levels writes a recording`() throws {
            let data = try SliceData()
            let run = try trained(
                """
                model: {input: [400], layers: [{embedding: 8}, {lstm: 16}, {linear: 256}]}
                data:
                  name: sound
                  path: \(data.directory.file("spoken-digits"))
                  levels: {muLaw: 400}
                  names: "{digit}_{speaker}_{index}"
                batch: 16
                grain: 4
                maxSteps: 5
                optimizer: {name: adam, learningRate: 0.001}
                """)
            func sound(_ name: String, _ arguments: [String]) throws -> [UInt8] {
                let file = directory.file(name)
                let outcome = try program.run(["generate", run, "--out", file, "--seconds", "0.05"] + arguments)
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                return Array(try Data(contentsOf: URL(fileURLWithPath: file)))
            }
            let first = try sound("one.wav", ["--seed", "3"])
            #expect(first.count == 44 + 2 * 400 && Array(first[..<4]) == Array("RIFF".utf8))
            #expect(try sound("two.wav", ["--seed", "3"]) == first)
            #expect(try sound("three.wav", ["--seed", "4"]) != first)
            try refusals(
                run,
                [
                    ([], "its model generates sound; give --out"),
                    (["--out", directory.file("x.wav"), "--length", "5"], "--length: the model generates no text"),
                    (["--out", directory.file("x.wav"), "--seconds", "0"], "--seconds 0.0: give a number above 0"),
                ])
        }
    }
}
