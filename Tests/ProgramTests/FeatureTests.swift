import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// What layers make of samples, of models with several inputs.
    @Suite struct FeatureTests {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private static let yaml = """
            model:
              inputs: {image: [28, 28, 1], slant: [1]}
              layers:
                - {name: picture, from: image, maxPool: 7}
                - {name: flat, from: picture, flatten: {}}
                - {name: all, from: [flat, slant], concatenate: {}}
                - {name: digit, from: all, linear: 10}
            data: {name: digits, limit: 300, validation: 50, preprocessing: none}
            batch: 32
            maxSteps: 5
            loss: {crossEntropy: {target: label}}
            optimizer: {name: sgd, learningRate: 0.1}

            """

        private func features(
            _ node: String, to name: String, _ more: [String], ranks: Int? = nil
        ) throws -> Program.Outcome {
            try program.run(
                ["features", directory.file("run"), "--node", node, "--out", directory.file(name)] + more,
                ranks: ranks)
        }

        @Test func `a model of several inputs has features of its data and of files, alike on any ranks`() throws {
            let configuration = try directory.write(Array(Self.yaml.utf8), to: "two.yaml")
            let trained = try program.run(["train", configuration, "--run", directory.file("run"), "--threads", "1"])
            try #require(trained.exitCode == 0, "\(trained.account)")
            let one = try features("all", to: "one.safetensors", ["--split", "validation"])
            #expect(one.output == "samples=50 values=17 \(directory.file("one.safetensors"))\n", "\(one.account)")
            let three = try features("all", to: "three.safetensors", ["--split", "validation"], ranks: 3)
            #expect(three.exitCode == 0, "\(three.account)")
            #expect(try directory.read("three.safetensors") == directory.read("one.safetensors"))

            // Two samples of a user: the largest pixel of each square, and the slant as it is.
            let images = (0..<2 * 784).map { Float($0 == 785 ? 255 : 0) }
            let own = directory.file("own.safetensors")
            try SafetensorsFile(
                metadata: [:],
                sources: [
                    TensorSource(name: "image", dataType: .float32, shape: [2, 1, 28, 28], values: images),
                    TensorSource(name: "slant", dataType: .float32, shape: [2, 1], values: [Float(0.25), -3]),
                ]
            ).write(to: own)
            let made = try features("all", to: "own.csv", [own], ranks: 2)
            try #require(made.exitCode == 0, "\(made.account)")
            let rows = try String(contentsOfFile: directory.file("own.csv"), encoding: .utf8).split(separator: "\n")
            #expect(rows.count == 3 && rows[0].hasPrefix("all.0,all.1,") && !rows[0].contains("label"))
            let values = rows.dropFirst().map { $0.split(separator: ",").compactMap { Float($0) } }
            #expect(values[0] == [Float](repeating: 0, count: 16) + [0.25])
            #expect(values[1] == [1] + [Float](repeating: 0, count: 15) + [-3])

            let unknown = try features("digti", to: "no.csv", [])
            #expect(unknown.exitCode == 64 && unknown.errors.contains("did you mean 'digit'?"), "\(unknown.account)")
            #expect(!FileManager.default.fileExists(atPath: directory.file("no.csv")))
        }
    }
}
