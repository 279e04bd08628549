import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// What is done with a trained autoencoder: its code for other programs, its pictures, and what it is measured by.
    @Suite struct AutoencoderTests {
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
                - {name: encoder, sequence: [ {linear: 12}, sigmoid, {name: code, linear: 3} ]}
                - {name: decoder, sequence: [ {linear: 784}, {unflatten: [28, 28, 1]} ]}
            data: {name: digits, limit: 240, validation: 40, preprocessing: none}
            losses: [ {binaryCrossEntropy: {target: image}} ]
            metrics: [ squaredError ]
            baseline: {pca: 3}
            batch: 20
            grain: 5
            maxSteps: 8
            optimizer: {name: adam, learningRate: 0.01}

            """

        /// Trains in `run` on some ranks.
        private func train(_ run: String = "run", ranks: Int? = nil, _ more: [String] = []) throws -> Program.Outcome {
            let file = try directory.write(Array(Self.yaml.utf8), to: "auto.yaml")
            return try program.run(
                ["train", file, "--run", directory.file(run), "--threads", "1"] + more.flatMap { ["--set", $0] },
                ranks: ranks)
        }

        @Test func `principal components are measured beside the run, alike on any ranks, and by evaluate`() throws {
            let first = try train()
            #expect(first.exitCode == 0, "\(first.account)")
            func line(_ outcome: Program.Outcome) -> String? {
                outcome.output.split(separator: "\n").first { $0.hasPrefix("without a model") }.map(String.init)
            }
            let own = try #require(line(first), "\(first.account)")
            #expect(own.hasPrefix("without a model, 3 principal components: valSquaredError="), "\(own)")
            #expect(line(try train("wide", ranks: 3)) == own)
            let report = try String(contentsOfFile: directory.file("run/report.html"), encoding: .utf8)
            #expect(report.contains("without a model: 3 principal components"))
            let evaluations = try [nil, 2].map { ranks in
                try program.run(["evaluate", directory.file("run"), "--threads", "1"], ranks: ranks)
            }
            #expect(evaluations[0].output == evaluations[1].output, "\(evaluations[1].account)")
            let test = try #require(line(evaluations[0]), "\(evaluations[0].account)")
            #expect(test.hasPrefix("without a model, 3 principal components: squaredError="), "\(test)")
            // After eight steps the network is worse.
            func number(_ text: String) -> Double? {
                text.split(separator: " ").first { $0.hasPrefix("squaredError=") }.flatMap { Double($0.dropFirst(13)) }
            }
            #expect(try #require(number(test)) < (try #require(number(evaluations[0].lastLine))))
        }

        @Test func `what no metric judges, and more components than values, are refused`() throws {
            let unjudged = try train(["metrics=[]"])
            #expect(unjudged.exitCode == 64 && unjudged.errors.contains("add `metrics: [squaredError]`"))
            let many = try train(["baseline.pca=785"])
            #expect(many.exitCode == 64 && many.errors.contains("'image' has only 784 values"), "\(many.account)")
        }

        private func train(_ more: [String]) throws -> Program.Outcome { try train("refused", more) }

        @Test func `features are a layer's values with classes, the same from the data and from a file`() throws {
            let outcome = try train()
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let made = try features(["--split", "validation"], to: "v.safetensors")
            #expect(made.exitCode == 0 && made.output.hasPrefix("samples=40 values=3 "), "\(made.account)")
            let file = try SafetensorsFile(path: directory.file("v.safetensors"))
            let (code, labels) = (try file.floats(of: "encoder.code"), try file.int64s(of: "label"))
            #expect(code.count == 120 && labels.count == 40 && labels.allSatisfy { (0...9).contains($0) })
            let table = try features(["--split", "validation"], to: "v.csv")
            #expect(table.exitCode == 0, "\(table.account)")
            let lines = try String(contentsOfFile: directory.file("v.csv"), encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 41 && lines[0] == "encoder.code.0,encoder.code.1,encoder.code.2,label")
            #expect(lines[1] == "\(code[0]),\(code[1]),\(code[2]),\(labels[0])")
            // The first sample again, from a file of its own.
            let image = try features(["--split", "validation"], to: "image.safetensors", node: "image")
            #expect(image.exitCode == 0, "\(image.account)")
            let pixels = try SafetensorsFile(path: directory.file("image.safetensors")).floats(of: "image")
            let raw = pixels[..<784].map { UInt8(($0 * 255).rounded()) }
            let pgm = try directory.write(Array("P5\n28 28\n255\n".utf8) + raw, to: "one.pgm")
            let one = try features([pgm], to: "one.csv")
            #expect(one.exitCode == 0, "\(one.account)")
            let row = try String(contentsOfFile: directory.file("one.csv"), encoding: .utf8).split(separator: "\n")
            let values = row[1].split(separator: ",").compactMap { Float($0) }
            #expect(
                zip(values, code).allSatisfy { abs($0 - $1) < 1e-4 } && values.count == 3, "\(values) \(code[..<3])")
        }

        private func features(
            _ arguments: [String], to name: String, node: String = "encoder.code"
        ) throws -> Program.Outcome {
            try program.run(
                ["features", directory.file("run"), "--node", node, "--out", directory.file(name)] + arguments)
        }

        @Test func `features of what is not there are refused with what is`() throws {
            let outcome = try train()
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let unknown = try features([], to: "f.csv", node: "encoder.coed")
            #expect(unknown.exitCode == 64 && unknown.errors.contains("encoder.code"), "\(unknown.account)")
            let both = try features(["--split", "test", "one.pgm"], to: "f.csv", node: "encoder")
            #expect(both.exitCode == 64 && both.errors.contains("give one of the two"), "\(both.account)")
            let part = try features(["--split", "some"], to: "f.csv", node: "encoder")
            #expect(part.exitCode == 64 && part.errors.contains("train, validation, test"), "\(part.account)")
        }

        @Test func `reconstructions are drawn below samples`() throws {
            let outcome = try train()
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let path = directory.file("r.png")
            let drawn = try program.run(["reconstruct", directory.file("run"), "--out", path, "--count", "20"])
            #expect(drawn.exitCode == 0 && drawn.output.hasPrefix("samples=20 squaredError="), "\(drawn.account)")
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(bytes.starts(with: [0x89] + Array("PNG".utf8)))
            // Two rows of 16, and two of which four are used; a pixel around each of 28.
            func number(_ first: Int) -> Int { bytes[first..<first + 4].reduce(0) { $0 * 256 + Int($1) } }
            #expect(number(16) == 16 * 29 + 1 && number(20) == 4 * 29 + 1)
            let classifier = try program.run(Scenario.lenet5.arguments(in: directory, run: "classifier"))
            #expect(classifier.exitCode == 0, "\(classifier.account)")
            let refused = try program.run(["reconstruct", directory.file("classifier"), "--out", path])
            #expect(refused.exitCode != 0 && refused.errors.contains("make no pictures"), "\(refused.account)")
        }
    }
}
