import Checkpointing
import Foundation
import TestSupport
import Testing

extension Scenario {
    /// A generative adversarial network on drawn digits: a critic with clipped weights learns twice a turn, and a judge
    /// looks on.
    fileprivate static let adversaries = Scenario(
        name: "adversaries",
        yaml: """
            models:
              generator:
                input: [8]
                layers:
                  - {linear: {units: 392, bias: false}}
                  - {unflatten: [7, 7, 8]}
                  - batchNorm
                  - relu
                  - {convTranspose: {filters: 1, kernel: 4, stride: 4}}
                  - sigmoid
              discriminator:
                input: [28, 28, 1]
                layers: [ {conv: {filters: 4, kernel: 5, stride: 4}}, {leakyRelu: 0.2}, flatten, {linear: 1} ]
              judge: lenet5
            start: {weights: judge/final.safetensors, model: judge, strict: true}
            data: {name: digits, limit: 165, validation: 30}
            order: alternating
            phases:
              - name: discriminator
                steps: 2
                objective: {ganDiscriminator: {loss: wasserstein}}
                optimizer: {name: rmsprop, learningRate: 0.001, clipWeights: 0.05}
              - name: generator
                objective: {ganGenerator: {loss: wasserstein, judge: {model: judge, confidence: 0.1, features: f2}}}
                optimizer: {name: rmsprop, learningRate: 0.001}
            averaging: 0.9
            batch: 64
            grain: 10
            epochs: 60
            validation: {everySteps: 4}
            checkpoint: {everySteps: 3}
            seed: 2

            """, steps: 11)
}

extension ProgramTests {
    /// Generative adversarial networks, and samples of what has been trained.
    @Suite struct Sampling {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// Trains what recognises digits, and the adversaries with it.
        private func trained(_ run: String = "run", ranks: Int? = nil, _ more: [String] = []) throws -> Program.Outcome
        {
            if !FileManager.default.fileExists(atPath: directory.file("judge")) {
                let yaml = """
                    model: lenet5
                    data: {name: digits, limit: 165, validation: 30}
                    batch: 64
                    epochs: 2
                    optimizer: {name: adam, learningRate: 0.001}
                    """
                let file = try directory.write(Array(yaml.utf8), to: "judge.yaml")
                let judge = try program.run(["train", file, "--run", "judge"], in: directory.path)
                try #require(judge.exitCode == 0, "\(judge.account)")
            }
            let file = try directory.write(Array(Scenario.adversaries.yaml.utf8), to: "adversaries.yaml")
            return try program.run(
                ["train", file, "--run", run, "--max-steps", "\(Scenario.adversaries.steps)", "--threads", "1"] + more,
                ranks: ranks, in: directory.path)
        }

        private func run(_ arguments: [String], ranks: Int? = nil) throws -> Program.Outcome {
            try program.run(arguments, ranks: ranks, in: directory.path)
        }

        private func bytes(_ name: String) throws -> [UInt8] {
            try Array(Data(contentsOf: URL(fileURLWithPath: directory.file(name))))
        }

        @Test func `a critic, a generator and their judge have the same bits on any ranks and after a kill`() throws {
            let alone = try trained("alone")
            try #require(alone.exitCode == 0, "\(alone.account)")
            for name in ["valDiscriminatorRealScore=", "valGeneratorRecognised=", "valGeneratorFrechetDistance="] {
                #expect(alone.lastLine.contains(name), "\(alone.lastLine)")
            }
            let expected = try FileContent(directory.file("alone/final.safetensors"))
            let three = try trained("three", ranks: 3)
            #expect(three.lastLine == alone.lastLine, "\(three.account)")
            #expect(try FileContent(directory.file("three/final.safetensors")) == expected)
            let arguments = [
                "train", "adversaries.yaml", "--run", "killed", "--max-steps", "11", "--threads", "2",
            ]
            let killed = try program.run(
                arguments, ranks: 2, in: directory.path, environment: ["TRAINER_TEST_FAULT": "kill:training:1:7"])
            #expect(killed.exitCode == 128 + SIGKILL, "\(killed.account)")
            let resumed = try run(arguments)
            #expect(resumed.exitCode == 0 && resumed.lastLine == alone.lastLine, "\(resumed.account)")
            #expect(try FileContent(directory.file("killed/final.safetensors")) == expected)
            // The critic is clipped, the generator is not, and the judge is as it came.
            let weights = try WeightsFile.read(directory.file("alone/final.safetensors"))
            let judge = try WeightsFile.read(directory.file("judge/final.safetensors"))
            #expect(try weights.floats(of: "discriminator.0.weight").map(abs).max() == 0.05)
            #expect(try weights.floats(of: "generator.0.weight").map(abs).max() ?? 0 > 0.05)
            #expect(try weights.floats(of: "judge.f1.weight") == judge.floats(of: "f1.weight"))
            let evaluated = try ["evaluate alone", "evaluate three --threads 2"].map {
                try run($0.split(separator: " ").map(String.init))
            }
            #expect(evaluated[0].lastLine.contains("generatorRarestClass="), "\(evaluated[0].account)")
            #expect(evaluated[0].lastLine == evaluated[1].lastLine)
        }

        @Test func `samples are the same on any ranks, from the generator alone, and without the data`() throws {
            try #require(try trained().exitCode == 0)
            let one = try run(["sample", "run", "--count", "100", "--seed", "3", "--out", "one.safetensors"])
            try #require(one.exitCode == 0, "\(one.account)")
            let export = try run(["export", "run", "--model", "generator", "--out", "elsewhere.safetensors"])
            try #require(export.exitCode == 0, "\(export.account)")
            let alone = try WeightsFile.read(directory.file("elsewhere.safetensors"))
            #expect(alone.tensors.map(\.name).allSatisfy { $0.hasPrefix("generator.") } && alone.tensors.count > 3)
            for (source, ranks, threads, out) in [
                ("run", 3, "1", "three.safetensors"), ("elsewhere.safetensors", nil, "2", "alone.safetensors"),
            ] as [(String, Int?, String, String)] {
                let other = try run(
                    ["sample", source, "--count", "100", "--seed", "3", "--threads", threads, "--out", out],
                    ranks: ranks)
                try #require(other.exitCode == 0, "\(other.account)")
                #expect(try bytes(out) == bytes("one.safetensors"), "\(out)")
            }
            let samples = try WeightsFile.read(directory.file("one.safetensors"))
            #expect(samples.tensor("image")?.shape == [100, 1, 28, 28])
            let values = try samples.floats(of: "image")
            #expect(values.allSatisfy { (0...255).contains($0) } && values.max() ?? 0 > 1)
            // What was made can be recognised.
            let predicted = try run(["predict", "judge", "one.safetensors"])
            #expect(predicted.output.split(separator: "\n").count == 100, "\(predicted.account)")
            let fewer = try run(["sample", "run", "--count", "3", "--seed", "3", "--out", "three.safetensors"])
            try #require(fewer.exitCode == 0, "\(fewer.account)")
            let first = try WeightsFile.read(directory.file("three.safetensors")).floats(of: "image")
            #expect(first == Array(values[..<(3 * 784)]))
        }

        @Test func `a row goes from one sample to another, and a sheet shows them`() throws {
            try #require(try trained().exitCode == 0)
            let drawn = try run(["sample", "run", "--count", "4", "--out", "drawn.safetensors"])
            let rows = try run(["sample", "run", "--count", "10", "--interpolate", "5", "--out", "rows.safetensors"])
            try #require(drawn.exitCode == 0 && rows.exitCode == 0, "\(rows.account)")
            func images(_ name: String) throws -> [[Float]] {
                let values = try WeightsFile.read(directory.file(name)).floats(of: "image")
                return stride(from: 0, to: values.count, by: 784).map { Array(values[$0..<$0 + 784]) }
            }
            let (ends, way) = (try images("drawn.safetensors"), try images("rows.safetensors"))
            #expect(way[0] == ends[0] && way[4] == ends[1] && way[5] == ends[2] && way[9] == ends[3])
            #expect(way[2] != ends[0] && way[2] != ends[1])
            let sheet = try run(["sample", "run", "--count", "10", "--columns", "5", "--out", "sheet.png"])
            #expect(sheet.exitCode == 0, "\(sheet.account)")
            let png = try bytes("sheet.png")
            // 5 pictures of 28 and lines around them; two rows.
            #expect(
                png.starts(with: [0x89] + Array("PNG".utf8)) && png[16..<24].elementsEqual([0, 0, 0, 146, 0, 0, 0, 59]))
        }

        @Test func `what cannot be sampled is refused with what to do`() throws {
            try #require(try trained().exitCode == 0)
            for (arguments, code, words) in [
                (["sample", "judge", "--out", "a.png"], 64, "its models make no samples; give weights that were"),
                (["sample", "run", "--out", "a.jpg"], 64, "give a name that ends with .png or .safetensors"),
                (["sample", "run", "--interpolate", "1", "--out", "a.png"], 64, "give 2 to 1000"),
                (["export", "run", "--model", "generatr", "--out", "a.safetensors"], 64, "discriminator, judge"),
                (
                    ["sample", "judge/final.safetensors", "--config", "adversaries.yaml", "--out", "a.png"], 65,
                    "generator.0"
                ),
            ] as [([String], Int32, String)] {
                let outcome = try run(arguments)
                #expect(outcome.exitCode == code && outcome.errors.contains(words), "\(outcome.account)")
            }
        }

        @Test func `a judge that was trained on other values is refused before the first step`() throws {
            _ = try trained()
            let outcome = try trained("other", ["--set", "data.preprocessing=scaleMinusOneToOne"])
            #expect(outcome.exitCode == 64, "\(outcome.account)")
            #expect(outcome.errors.contains("start.model") && outcome.errors.contains("set data.preprocessing as in"))
        }

        @Test func `training ends when validation finds a metric near a value, on any ranks and once`() throws {
            let near = ["--set", "stop={near: {monitor: valGeneratorRecognised, within: 1, validations: 2}}"]
            let one = try trained("one", near)
            try #require(one.exitCode == 0 && one.lastLine.contains("steps=8 "), "\(one.account)")
            let kinds = try jsonLines(directory.file("one/decisions.jsonl")).compactMap { $0["kind"] as? String }
            #expect(kinds == ["start", "metricReached"])
            let two = try trained("two", ranks: 2, near)
            #expect(two.lastLine == one.lastLine, "\(two.account)")
            let again = try trained("one", near)
            #expect(again.exitCode == 0 && again.lastLine == one.lastLine, "\(again.account)")
        }
    }
}
