import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Whatever is wrong with the configuration, the command line, the data or a checkpoint is said clearly, by one
    /// rank, with the documented exit code; nothing hangs or stays behind.
    @Suite struct BadInput: EndingChecks {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        // MARK: - Configuration and command line

        @Test func `an unknown key is refused with its place and the nearest name`() throws {
            let config = try configuration { $0.replacingOccurrences(of: "learningRate", with: "learnRate") }
            try expectRefusal(
                train(config), 64, ["config.yaml:6:24", "'optimizer.learnRate'", "did you mean 'learningRate'"])
        }

        @Test func `a metric that the run does not measure can't be monitored`() throws {
            let config = try configuration { $0.replacingOccurrences(of: "valError", with: "valRmse") }
            try expectRefusal(
                train(config), 64,
                ["monitor: 'valRmse' is not measured", "give one of valLoss, valAccuracy, valError, or add"])
            let metrics = try configuration { $0 + "metrics: [rmse]\n" }
            try expectRefusal(
                train(metrics), 64,
                ["config.yaml:12:11: 'metrics.0': rmse does not measure classes", "these do: accuracy, "], ranks: [nil])
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
            (["--threads", "-2"], "--threads -2: give"), (["--np", "0"], "--np 0: give"),
            (["--seed", "-1"], "--seed -1: give"),
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
            try expectRefusal(
                ["evaluate", directory.file("nothing"), "--threads", "0"], 64, ["--threads 0"], ranks: [nil])
        }

        // MARK: - Data

        private static let imageHeader: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 28, 0, 0, 0, 28]
        private static let labelHeader: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 100]

        /// A configuration for IDX files of 100 samples, written with a change.
        private func idx(images: (inout [UInt8]) -> Void = { _ in }, labels: (inout [UInt8]) -> Void = { _ in }) throws
            -> String
        {
            var (imageBytes, labelBytes) = (
                Self.imageHeader + [UInt8](repeating: 9, count: 78_400),
                Self.labelHeader + [UInt8](repeating: 1, count: 100)
            )
            images(&imageBytes)
            labels(&labelBytes)
            try directory.write(imageBytes, to: "train-images-idx3-ubyte")
            try directory.write(labelBytes, to: "train-labels-idx1-ubyte")
            return try configuration {
                $0.replacingOccurrences(
                    of: "name: digits, limit: 250, validation: 55",
                    with: "name: mnist, path: '\(directory.path)', validation: 20")
            }
        }

        @Test func `damaged IDX files are refused with file and offset`() throws {
            try expectRefusal(
                train(idx(images: { $0.removeLast(100) })), 65,
                ["train-images-idx3-ubyte: truncated", "offset 78316", "78416 bytes"])
            try expectRefusal(
                train(idx(labels: { $0[3] = 7 })), 65, ["train-labels-idx1-ubyte: wrong magic number at offset 0"],
                ranks: [nil])
            try expectRefusal(
                train(idx(labels: { $0[50] = 10 })), 65,
                ["train-labels-idx1-ubyte: label 10 at offset 50 is outside 0...9"])
        }

        @Test func `a damaged table is refused with file, line and column`() throws {
            try directory.write(Array("length,rings\n0.5,7\n0.4,x\n".utf8), to: "table.csv")
            let config = try configuration {
                $0.replacingOccurrences(
                    of: "name: digits, limit: 250, validation: 55",
                    with: "name: csv, path: '\(directory.file("table.csv"))', target: rings")
            }
            try expectRefusal(train(config), 65, ["table.csv:3: column 'rings': 'x' is no number"])
            try expectRefusal(
                train(config, ["--set", "data.target=ring"]), 65,
                ["data.target names 'ring', which is no column, did you mean 'rings'?"], ranks: [nil])
        }

        @Test func `a model that does not fit the data is refused with the shape to give`() throws {
            let config = try configuration()
            try expectRefusal(
                train(config, ["--set", "model={input: [32, 32, 3], layers: [flatten, {linear: 10}]}"]), 64,
                [
                    "'model.input': [32, 32, 3] is not the shape of 'image'", "give [28, 28, 1], or [784]",
                ])
        }

        @Test func `a model of vectors trains on images`() throws {
            let config = try configuration {
                "model: {input: [784], layers: [{linear: 10}]}\n"
                    + $0.split(separator: "\n").dropFirst().joined(separator: "\n")
            }
            let outcome = try program.run(train(config))
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }

        @Test func `a data folder that is absent is refused with what it must hold`() throws {
            let config = try configuration {
                $0.replacingOccurrences(
                    of: "name: digits, limit: 250, validation: 55",
                    with: "name: mnist, path: '${TRAINER_DATA}/mnist', validation: 20")
            }
            try expectRefusal(
                train(config), 65, ["/absent/mnist/train-images-idx3-ubyte: no such file", "TRAINER_DATA"],
                environment: ["TRAINER_DATA": "/absent"])
            try expectRefusal(
                train(config, ["--data", "/elsewhere"]), 65, ["/elsewhere/mnist/"], ranks: [nil],
                environment: ["TRAINER_DATA": "/absent"])
        }

        @Test func `a packed CIFAR-10 batch that is damaged is refused`() throws {
            try directory.write([1], to: "data_batch_1.bin.xz")
            let config = try directory.write(Array(Scenario.resnet20(data: directory.path).yaml.utf8), to: "cifar.yaml")
            try expectRefusal(train(config), 65, ["data_batch_1.bin.xz: damaged: it is not packed as its name says"])
        }

        @Test func `a data error on one rank alone ends all with that rank's cause`() throws {
            let config = try idx()
            let text = try String(contentsOfFile: config, encoding: .utf8).replacingOccurrences(
                of: "path: '\(directory.path)'", with: "path: '${WHERE}'")
            try directory.write(Array(text.utf8), to: "config.yaml")
            let wrapper = directory.file("wrapper")
            let script =
                "#!/bin/sh\nWHERE=\(directory.path)\n[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && "
                + "WHERE=/only/on/rank/1\nexport WHERE\nexec \"$@\"\n"
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
            try expectRefusal(
                train(configuration(), ["--resume", directory.file("absent")]), 65, ["absent: open"], ranks: [nil])
            try expectRefusal(
                train(configuration(), ["--resume", directory.file("mlp/final.safetensors")]), 65, ["not a checkpoint"],
                ranks: [nil])
            #expect(!FileManager.default.fileExists(atPath: directory.file("run/final.safetensors")))
        }

        @Test func `a run directory that cannot be made is refused`() throws {
            let file = try directory.write([1], to: "file")
            try expectRefusal(
                train(configuration(), ["--run", file + "/run"]), 64, ["file/run: create: Not a directory"])
            try expectRefusal(train(configuration(), ["--run", file]), 64, ["a file has that name"], ranks: [nil])
            let long = directory.file(String(repeating: "x", count: 300))
            try expectRefusal(train(configuration(), ["--run", long]), 64, ["File name too long"], ranks: [nil])
        }
    }
}
