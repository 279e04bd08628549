import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Whatever is wrong is said clearly, by one rank, with the documented exit code; nothing hangs or stays behind.
    @Suite struct BadInput {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// Runs the arguments alone and on three ranks and checks how that ends.
        private func expectRefusal(
            _ arguments: [String], _ exitCode: Int32, _ words: [String], ranks: [Int?] = [nil, 3], environment: [String: String] = [:],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for count in ranks {
                let outcome = try program.run(arguments, ranks: count, environment: environment)
                expectEnd(outcome, exitCode, words, sourceLocation: sourceLocation)
                let told = outcome.errors.split(separator: "\n").count { $0.contains(words.first ?? "") }
                #expect(told == 1, "told \(told) times: \(outcome.account)", sourceLocation: sourceLocation)
            }
        }

        private func expectEnd(
            _ outcome: Program.Outcome, _ exitCode: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(outcome.exitCode == exitCode && !outcome.timedOut, "\(outcome.account)", sourceLocation: sourceLocation)
            #expect(outcome.leftovers.isEmpty, "\(outcome.account)", sourceLocation: sourceLocation)
            // Ten seconds after the first cause is known, everything has ended.
            #expect(outcome.secondsFromError ?? 0 < 10, "\(outcome.account)", sourceLocation: sourceLocation)
            for word in words { #expect(outcome.errors.contains(word), "no '\(word)': \(outcome.account)", sourceLocation: sourceLocation) }
        }

        private func configuration(_ change: (String) -> String = { $0 }) throws -> String {
            try directory.write(Array(change(Scenario.lenet5.yaml).utf8), to: "config.yaml")
        }

        private func train(_ config: String, _ more: [String] = [], steps: Int = 3) -> [String] {
            ["train", config, "--run", directory.file("run"), "--max-steps", "\(steps)"] + more
        }

        // MARK: - Configuration and command line

        @Test func `an unknown key is refused with its place and the nearest name`() throws {
            let config = try configuration { $0.replacingOccurrences(of: "learningRate", with: "learnRate") }
            try expectRefusal(train(config), 64, ["config.yaml:6:24", "'optimizer.learnRate'", "did you mean 'learningRate'"])
        }

        @Test func `a value of the wrong type is refused with its place`() throws {
            let config = try configuration { $0.replacingOccurrences(of: "batch: 64", with: "batch: many") }
            try expectRefusal(train(config), 64, ["config.yaml:3:8", "'batch'", "give an integer of at least 1"])
        }

        @Test func `a configuration that is absent or a folder is refused`() throws {
            try expectRefusal(train(directory.file("absent.yaml")), 64, ["absent.yaml: cannot be read: No such file"])
            try expectRefusal(train(directory.path), 64, ["cannot be read: Is a directory"], ranks: [nil])
        }

        @Test(arguments: [
            (["--bogus"], "Unknown option '--bogus'"), (["--threads", "0"], "--threads 0: give 1 to 1024"),
            (["--threads", "-2"], "--threads -2: give"), (["--np", "0"], "--np 0: give"), (["--seed", "-1"], "--seed -1: give"),
            (["--max-steps", "0"], "--max-steps 0: give"), (["--deadline", "-1"], "--deadline -1.0: give"),
            (["--deadline", "nan"], "--deadline nan: give"), (["--set", "batch"], "--set batch: "),
            (["--set", "optimizer.momentun=0"], "'optimizer.momentun'"), (["--run", ""], "the name is empty"),
        ])
        func `options that make no sense are refused`(arguments: [String], words: String) throws {
            try expectRefusal(["train", configuration()] + arguments, 64, [words], ranks: [nil])
        }

        @Test func `bad usage on all ranks is told once`() throws {
            try expectRefusal(["train", "--bogus"], 64, ["Unknown option"], ranks: [3])
            try expectRefusal(["evaluate", directory.file("nothing")], 65, ["no weights there"])
            try expectRefusal(["evaluate", directory.file("nothing"), "--threads", "0"], 64, ["--threads 0"], ranks: [nil])
        }

        // MARK: - Data

        private static let imageHeader: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 28, 0, 0, 0, 28]
        private static let labelHeader: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 100]

        /// A configuration for IDX files of 100 samples, written with a change.
        private func idx(images: (inout [UInt8]) -> Void = { _ in }, labels: (inout [UInt8]) -> Void = { _ in }) throws -> String {
            var (imageBytes, labelBytes) = (Self.imageHeader + [UInt8](repeating: 9, count: 78_400), Self.labelHeader + [UInt8](repeating: 1, count: 100))
            images(&imageBytes)
            labels(&labelBytes)
            try directory.write(imageBytes, to: "train-images-idx3-ubyte")
            try directory.write(labelBytes, to: "train-labels-idx1-ubyte")
            return try configuration {
                $0.replacingOccurrences(of: "name: digits, limit: 250, validation: 55", with: "name: mnist, path: '\(directory.path)', validation: 20")
            }
        }

        @Test func `damaged IDX files are refused with file and offset`() throws {
            try expectRefusal(
                train(idx(images: { $0.removeLast(100) })), 65, ["train-images-idx3-ubyte: truncated", "offset 78316", "78416 bytes"])
            try expectRefusal(train(idx(labels: { $0[3] = 7 })), 65, ["train-labels-idx1-ubyte: wrong magic number at offset 0"], ranks: [nil])
            try expectRefusal(train(idx(labels: { $0[50] = 10 })), 65, ["train-labels-idx1-ubyte: label 10 at offset 50 is outside 0...9"])
        }

        @Test func `a data folder that is absent is refused with what it must hold`() throws {
            let config = try configuration {
                $0.replacingOccurrences(of: "name: digits, limit: 250, validation: 55", with: "name: mnist, path: '${TRAINER_DATA}/mnist', validation: 20")
            }
            try expectRefusal(
                train(config), 65, ["/absent/mnist/train-images-idx3-ubyte: no such file", "TRAINER_DATA"],
                environment: ["TRAINER_DATA": "/absent"])
            try expectRefusal(
                train(config, ["--data", "/elsewhere"]), 65, ["/elsewhere/mnist/"], ranks: [nil], environment: ["TRAINER_DATA": "/absent"])
        }

        @Test func `packed CIFAR-10 batches are refused with the command that unpacks them`() throws {
            try directory.write([1], to: "data_batch_1.bin.xz")
            let config = try directory.write(Array(Scenario.resnet20(data: directory.path).yaml.utf8), to: "cifar.yaml")
            try expectRefusal(train(config), 65, ["data_batch_1.bin: no such file, only its packed form", "xz -dk "])
        }

        @Test func `a data error on one rank alone ends all with that rank's cause`() throws {
            let config = try idx()
            let text = try String(contentsOfFile: config, encoding: .utf8).replacingOccurrences(of: "path: '\(directory.path)'", with: "path: '${WHERE}'")
            try directory.write(Array(text.utf8), to: "config.yaml")
            let wrapper = directory.file("wrapper")
            let script = "#!/bin/sh\nWHERE=\(directory.path)\n[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && WHERE=/only/on/rank/1\nexport WHERE\nexec \"$@\"\n"
            try directory.write(Array(script.utf8), to: "wrapper")
            chmod(wrapper, 0o755)
            let outcome = try program.run(train(config), ranks: 3, through: wrapper)
            expectEnd(outcome, 65, ["rank 1 of 3 on ", "/only/on/rank/1/train-images-idx3-ubyte: no such file"])
        }

        // MARK: - Checkpoints and run directories

        @Test func `a checkpoint of another model is refused with the first tensor that differs`() throws {
            let mlp = try program.run(Scenario.mlp.arguments(in: directory, run: "mlp"))
            #expect(mlp.exitCode == 0, "\(mlp.account)")
            let file = directory.file("mlp/checkpoints/step-00000023.safetensors")
            try expectRefusal(train(configuration(), ["--resume", file]), 65, ["of another model: 'model."])
            try expectRefusal(train(configuration(), ["--resume", directory.file("absent")]), 65, ["absent: open"], ranks: [nil])
            try expectRefusal(
                train(configuration(), ["--resume", directory.file("mlp/final.safetensors")]), 65, ["not a checkpoint"], ranks: [nil])
            #expect(!FileManager.default.fileExists(atPath: directory.file("run/final.safetensors")))
        }

        @Test func `a run directory that cannot be made is refused`() throws {
            let file = try directory.write([1], to: "file")
            try expectRefusal(train(configuration(), ["--run", file + "/run"]), 64, ["file/run: create: Not a directory"])
            try expectRefusal(train(configuration(), ["--run", file]), 64, ["a file has that name"], ranks: [nil])
            let long = directory.file(String(repeating: "x", count: 300))
            try expectRefusal(train(configuration(), ["--run", long]), 64, ["File name too long"], ranks: [nil])
        }

        // MARK: - Numbers

        @Test(arguments: [nil, 3])
        func `a number that is none ends the job with step, layer, rank and samples`(ranks: Int?) throws {
            let outcome = try program.run(train(configuration(), ["--set", "optimizer.learningRate=1e30"]), ranks: ranks)
            expectEnd(outcome, 70, ["step 2: the output of layer c2 is not a finite number (rank 0, samples 7357", "lower the learning rate"])
        }

        @Test func `also where gradients travel in messages`() throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30"]), ranks: 3, environment: ["TRAINER_SHARED_MEMORY": "0"])
            expectEnd(outcome, 70, ["step 2: the output of layer c2 is not a finite number (rank 0, samples 7357"])
        }

        @Test func `the step is skipped instead where the configuration says so`() throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30", "--set", "onNonFinite=skip"]), ranks: 2)
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let kinds = try jsonLines(directory.file("run/decisions.jsonl")).compactMap { $0["kind"] as? String }
            #expect(kinds.contains("skipNonFinite"))
        }

        @Test(arguments: ["stop", "skip"], [nil, 2])
        func `weights that are no numbers are never saved, and the newest checkpoint is one before them`(policy: String, ranks: Int?) throws {
            // The rate of step 4 makes infinite weights of finite gradients.
            let config = try configuration {
                $0.replacingOccurrences(of: "schedule: {onPlateau", with: "schedule: {step: {everySteps: 3, factor: 1e45}}\n#")
                    .replacingOccurrences(of: "checkpoint: {everySteps: 4", with: "checkpoint: {everySteps: 1")
            }
            let outcome = try program.run(train(config, ["--set", "onNonFinite=\(policy)"], steps: 9), ranks: ranks)
            expectEnd(outcome, 70, ["step 4: weight ", " is not a finite number", "the last checkpoint is intact"])
            let checkpoints = try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints")).sorted()
            #expect(checkpoints.last == "step-00000003.safetensors")
        }

        @Test func `where steps are skipped and a rollback may help, a state of no numbers is passed over`() throws {
            // The rate of step 1 is 0, that of step 2 infinite.
            let config = try configuration {
                $0.replacingOccurrences(of: "schedule: {", with: "schedule: {warmup: {steps: 9}, ")
                    .replacingOccurrences(of: "patience: 1", with: "patience: 3")
                    .replacingOccurrences(of: "everySteps: 3", with: "everySteps: 1").replacingOccurrences(of: "everySteps: 4", with: "everySteps: 1")
            }
            let outcome = try program.run(
                train(config, ["--set", "onNonFinite=skip", "--set", "optimizer.learningRate=1e40"], steps: 9))
            expectEnd(outcome, 70, ["weight ", " is not a finite number"])
            let decisions = try jsonLines(directory.file("run/decisions.jsonl"))
            let refused = decisions.filter { $0["kind"] as? String == "saveFailed" }
            #expect(refused.contains { ($0["reason"] as? String)?.contains("is not a finite number") ?? false }, "\(outcome.account)")
            #expect(decisions.filter { $0["kind"] as? String == "rollback" }.count > 1, "\(outcome.account)")
        }

        @Test func `a validation that is no number does not pass for a result`() throws {
            let config = try configuration { $0.replacingOccurrences(of: "schedule: {onPlateau", with: "schedule: constant\n#") }
            let outcome = try program.run(["train", config, "--run", directory.file("run"), "--max-steps", "1", "--set", "optimizer.learningRate=1e30"])
            expectEnd(outcome, 70, ["step 1: in validation the output of layer c2 is not a finite number (rank 0, samples 17365"])
        }
    }
}
