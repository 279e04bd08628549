import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Trained weights applied to files of samples.
    @Suite struct Predictions {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func write(_ tensors: [String: (shape: [Int], values: [Float])], to name: String) throws -> String {
            let sources = tensors.map { tensor in
                TensorSource(name: tensor.key, shape: tensor.value.shape) { target in
                    for index in target.indices { target[index] = tensor.value.values[index] }
                }
            }
            let path = directory.file(name)
            try SafetensorsFile(metadata: [:], sources: sources).write(to: path)
            return path
        }

        @Test func `a prediction is a line a sample, from a PGM, an IDX file and tensors`() throws {
            let trained = try program.run(Scenario.lenet5.arguments(in: directory))
            #expect(trained.exitCode == 0, "\(trained.account)")
            let image = (0..<784).map { UInt8(truncatingIfNeeded: $0 * 7) }
            let pgm = try directory.write(Array("P5\n28 28\n255\n".utf8) + image, to: "one.pgm")
            let idx = try directory.write(
                [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28] + image + image, to: "two-idx3-ubyte")
            let tensors = try write(["image": ([1, 1, 28, 28], image.map(Float.init))], to: "one.safetensors")
            let outcome = try program.run(["predict", directory.file("run"), pgm, idx, tensors])
            let lines = outcome.output.split(separator: "\n").map(String.init)
            try #require(lines.count == 4, "\(outcome.account)")
            let prediction = try #require(lines[0].wholeMatch(of: /.*one\.pgm\[0\]: ([0-9] probability=[0-9.e-]+)/)).1
            #expect(
                lines[1] == "\(idx)[0]: \(prediction)" && lines[2] == "\(idx)[1]: \(prediction)", "\(outcome.account)")
            #expect(lines[3] == "\(tensors)[0]: \(prediction)")
            // What every rank could say, rank 0 says once.
            let ranks = try program.run(["predict", directory.file("run"), pgm, idx, tensors], ranks: 2)
            #expect(ranks.output == outcome.output, "\(ranks.account)")
        }

        @Test func `a model of several inputs takes a tensor for each, and says what is wrong with them`() throws {
            let yaml = """
                model:
                  inputs: {image: [28, 28, 1], slant: [1]}
                  layers:
                    - {name: picture, from: image, flatten: {}}
                    - {name: all, from: [picture, slant], concatenate: {}}
                    - {name: digit, from: all, linear: 10}
                data: {name: digits, limit: 300, validation: 50}
                batch: 32
                maxSteps: 5
                loss: {crossEntropy: {target: label}}
                optimizer: {name: sgd, learningRate: 0.1}
                """
            let configuration = try directory.write(Array(yaml.utf8), to: "two.yaml")
            let run = directory.file("run")
            let trained = try program.run(["train", configuration, "--run", run])
            try #require(trained.exitCode == 0, "\(trained.account)")
            let images = (0..<2 * 784).map { Float($0 % 256) }
            let good = try write(
                ["image": ([2, 1, 28, 28], images), "slant": ([2, 1], [0.1, -3])], to: "good.safetensors")
            let outcome = try program.run(["predict", run, good])
            let lines = outcome.output.split(separator: "\n")
            try #require(outcome.exitCode == 0 && lines.count == 2, "\(outcome.account)")
            #expect(lines[1].contains("good.safetensors[1]: "))

            let bad: [(file: String, words: String)] = [
                (try directory.write([0, 0, 8, 3] + [UInt8](repeating: 0, count: 12), to: "images"), "(image, slant)"),
                (try write(["image": ([2, 1, 28, 28], images)], to: "missing.safetensors"), "no tensor 'slant'"),
                (
                    try write(
                        ["image": ([2, 28, 28, 1], images), "slant": ([2, 1], [0, 0])], to: "axes.safetensors"),
                    "expected [2, 1, 28, 28]"
                ),
                (
                    try write(["image": ([2, 1, 28, 28], images), "slant": ([1, 1], [0])], to: "fewer.safetensors"),
                    "image 2, slant 1"
                ),
            ]
            for (file, words) in bad {
                let outcome = try program.run(["predict", run, file])
                #expect(outcome.exitCode != 0 && outcome.errors.contains(words), "\(outcome.account)")
                #expect(outcome.errors.contains(file))
            }
        }
    }
}
