import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Weights that leave for PyTorch and come from there.
    @Suite struct ConvertTests {
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
                - {name: body, sequence: [ {conv: {filters: 3, kernel: 5, stride: 3}}, batchNorm, relu, flatten ]}
                - {name: head, linear: 10}
            data: {name: digits, limit: 240, validation: 40}
            batch: 20
            grain: 5
            maxSteps: 6
            loss: crossEntropy
            optimizer: {name: sgd, learningRate: 0.05, momentum: 0.9}
            checkpoint: {everySteps: 3, keep: 2}

            """

        private func trained() throws -> String {
            let file = try directory.write(Array(Self.yaml.utf8), to: "net.yaml")
            let outcome = try program.run(["train", file, "--run", directory.file("run"), "--threads", "1"])
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            return file
        }

        private func convert(_ source: String, to name: String, _ more: [String] = []) throws -> Program.Outcome {
            try program.run(["convert", directory.file(source), "--to", directory.file(name)] + more)
        }

        /// The bytes of every tensor.
        private func tensors(_ name: String) throws -> [String: [UInt8]] {
            let file = try SafetensorsFile(path: directory.file(name))
            return Dictionary(
                uniqueKeysWithValues: try file.tensors.map { tensor in
                    (tensor.name, try file.withBytes(of: tensor.name) { Array($0) })
                })
        }

        @Test func `a run and its checkpoints become files of parameters and statistics alone`() throws {
            _ = try trained()
            for source in ["run", "run/checkpoints/step-00000006.safetensors", "run/final.safetensors"] {
                let outcome = try convert(source, to: "plain.safetensors")
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                #expect(outcome.lastLine == "wrote 9 tensors to \(directory.file("plain.safetensors"))")
                let file = try SafetensorsFile(path: directory.file("plain.safetensors"))
                #expect(file.metadata == ["format": "pt"])
                #expect(try tensors("plain.safetensors") == tensors("run/final.safetensors"), "\(source)")
            }
        }

        /// As a module in data parallelism is saved, half of it in half precision, with a head of another task.
        private func writeForeign() throws {
            let own = try SafetensorsFile(path: directory.file("run/final.safetensors"))
            let sources = try own.tensors.map { tensor -> TensorSource in
                let name = "module." + tensor.name.replacing("body.", with: "backbone.").replacing("head.", with: "fc.")
                if tensor.isBatchCount {
                    return TensorSource(name: name, dataType: .int64, shape: [], values: [Int64(6)])
                }
                let floats = try own.floats(of: tensor.name)
                if tensor.name == "head.weight" {
                    let shape = [7, tensor.shape[1]]
                    return TensorSource(
                        name: name, dataType: .float32, shape: shape, values: Array(floats[..<shape.reduce(1, *)]))
                }
                let halves = floats.map { Float16($0).bitPattern }
                return TensorSource(name: name, dataType: .float16, shape: tensor.shape, values: halves)
            }
            try SafetensorsFile(metadata: [:], sources: sources).write(to: directory.file("torch.safetensors"))
        }

        @Test func `another program's file is fitted to a model, with a report of what is missing or other`() throws {
            let configuration = try trained()
            try writeForeign()
            let renames = ["--rename", "backbone.*=body.*", "--model", configuration]
            let refused = try convert("torch.safetensors", to: "no.safetensors", renames)
            #expect(refused.exitCode == 64, "\(refused.account)")
            for words in [
                "'module.' taken off every name", "6 of 8 parameters matched",
                "missing in the file: head.weight, head.bias", "not used of the file: fc.bias, fc.weight",
                "or take what fits with --partial",
            ] {
                #expect((refused.output + refused.errors).contains(words), "\(words): \(refused.account)")
            }
            let other = try convert("torch.safetensors", to: "no.safetensors", renames + ["--rename", "fc.*=head.*"])
            #expect(
                other.errors.contains("head.weight ([10, 192] in the model, [7, 192] in the file)"), "\(other.errors)")
            #expect(!FileManager.default.fileExists(atPath: directory.file("no.safetensors")))

            let partly = try convert("torch.safetensors", to: "body.safetensors", renames + ["--partial"])
            try #require(partly.exitCode == 0, "\(partly.account)")
            let body = try SafetensorsFile(path: directory.file("body.safetensors"))
            #expect(
                body.tensors.map(\.name) == [
                    "body.0.bias", "body.0.weight", "body.1.bias", "body.1.num_batches_tracked",
                    "body.1.running_mean", "body.1.running_var", "body.1.weight",
                ])
            #expect(body.tensors.allSatisfy { $0.dataType == .float32 || $0.isBatchCount })
            let started = try program.run([
                "train", configuration, "--run", directory.file("next"), "--threads", "1", "--set",
                "start=\(directory.file("body.safetensors"))", "--set", "freeze=[body.*]",
            ])
            #expect(started.output.contains("6 of 8 parameters taken; missing there: head.weight, head.bias"))
            let (before, after) = (try tensors("body.safetensors"), try tensors("next/final.safetensors"))
            for name in before.keys where !name.hasSuffix("num_batches_tracked") {
                #expect(after[name] == before[name], "\(name) is frozen")
            }
        }

        @Test func `a converted file is evaluated with the configuration as the run is`() throws {
            let configuration = try trained()
            let outcome = try convert("run", to: "plain.safetensors", ["--model", configuration])
            #expect(outcome.output.contains("8 of 8 parameters matched\n"), "\(outcome.account)")
            let threads = ["--threads", "1"]
            let own = try program.run(["evaluate", directory.file("run")] + threads)
            let plain = try program.run(
                ["evaluate", directory.file("plain.safetensors"), "--config", configuration] + threads)
            #expect(own.exitCode == 0 && own.output == plain.output, "\(plain.account)")
        }

        @Test func `what can't be converted is refused with what to do`() throws {
            let configuration = try trained()
            let pickle = try directory.write(Array("PK\u{3}\u{4}".utf8) + [0, 0, 8, 8, 0], to: "net.pth")
            let cases: [(arguments: [String], code: Int32, words: String)] = [
                ([pickle], 65, "safetensors.torch.save_file("),
                ([directory.file("run"), "--rename", "head"], 64, "give OLD=NEW"),
                ([directory.file("run"), "--rename", "haed.weight=x"], 64, "did you mean 'head.weight'?"),
                ([directory.file("run"), "--partial"], 64, "give one with --model"),
                ([directory.file("run"), "--model", "lenet5"], 64, "give the model that belongs to the file"),
                ([directory.file("run"), "--model", "lenet"], 64, "lenet5"),
                ([directory.file("nowhere"), "--model", configuration], 65, "nowhere"),
            ]
            for test in cases {
                let outcome = try program.run(["convert"] + test.arguments + ["--to", directory.file("out")])
                #expect(outcome.exitCode == test.code, "\(test.arguments): \(outcome.account)")
                #expect(outcome.errors.contains(test.words), "\(test.arguments): \(outcome.account)")
            }
        }
    }
}
