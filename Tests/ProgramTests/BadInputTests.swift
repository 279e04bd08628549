import Checkpointing
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
            _ arguments: [String], _ exitCode: Int32, _ words: [String], ranks: [Int?] = [nil, 3],
            environment: [String: String] = [:],
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
            _ outcome: Program.Outcome, _ exitCode: Int32, _ words: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(
                outcome.exitCode == exitCode && !outcome.timedOut, "\(outcome.account)", sourceLocation: sourceLocation)
            #expect(outcome.leftovers.isEmpty, "\(outcome.account)", sourceLocation: sourceLocation)
            // Ten seconds after the first cause is known, everything has ended.
            #expect(outcome.secondsFromError ?? 0 < 10, "\(outcome.account)", sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    outcome.errors.contains(word), "no '\(word)': \(outcome.account)", sourceLocation: sourceLocation)
            }
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

        @Test func `packed CIFAR-10 batches are refused with the command that unpacks them`() throws {
            try directory.write([1], to: "data_batch_1.bin.xz")
            let config = try directory.write(Array(Scenario.resnet20(data: directory.path).yaml.utf8), to: "cifar.yaml")
            try expectRefusal(train(config), 65, ["data_batch_1.bin: no such file, only its packed form", "xz -dk "])
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

        // MARK: - Files from a stranger

        private static let layers = "model: {input: [28, 28, 1], layers: [LAYER, flatten, {linear: 10}]}"

        @Test(arguments: [
            ("units", "model: {name: mlp, hidden: [1000000000000]}", "at most 2147483647"),
            (
                "tensor", "model: {name: mlp, hidden: [2147483647]}",
                "2147483647 × 784 values are more than 2147483647; make the layer smaller"
            ),
            (
                "memory", "model: {name: mlp, hidden: [" + String(repeating: "2000000, 1000, ", count: 20) + "9]}",
                "takes at least "
            ),
            (
                "filters", layers.replacingOccurrences(of: "LAYER", with: "{conv: {filters: 2147483647, kernel: 3}}"),
                "make the layer smaller"
            ),
            (
                "padding",
                layers.replacingOccurrences(of: "LAYER", with: "{conv: {filters: 2, kernel: 3, padding: 2147483647}}"),
                "make the layer smaller"
            ),
            (
                "pooling", layers.replacingOccurrences(of: "LAYER", with: "{maxPool: 2147483647}"),
                "does not fit its input"
            ),
            ("deep", "model: " + String(repeating: "[", count: 100_000), "this is not YAML"),
            (
                "aliases",
                "model: lenet5\na0: &a0 [x, x]\n"
                    + (1...9).map {
                        "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 9).joined(separator: ", "))]\n"
                    }.joined(), "more than 32 aliases"
            ),
            ("path", "model: lenet5\nname: ../../x", "give a name of letters, digits, - and _"),
            ("folder", "model: lenet5\nname: /x", "give a name of letters, digits, - and _"),
        ])
        func `a configuration that asks for what no machine has, or for another place, is refused and not obeyed`(
            name: String, model: String, words: String
        ) throws {
            let config = try configuration {
                model + "\n" + $0.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
            }
            try expectRefusal(["train", config, "--max-steps", "1"], 64, [words], ranks: [nil])
            #expect(try directory.contents() == ["config.yaml"])
        }

        @Test func `a model of vectors trains on images`() throws {
            let config = try configuration {
                "model: {input: [784], layers: [{linear: 10}]}\n"
                    + $0.split(separator: "\n").dropFirst().joined(separator: "\n")
            }
            let outcome = try program.run(train(config))
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }

        @Test func `whatever a checkpoint says of the run, it is refused or continued, and nothing else happens`()
            throws
        {
            let first = try program.run(Scenario.lenet5.arguments(in: directory, run: "first"))
            try #require(first.exitCode == 0, "\(first.account)")
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: directory.file("first/checkpoints")).sorted().last)
            let file = try SafetensorsFile(path: directory.file("first/checkpoints/" + name))
            let huge = "9223372036854775807"
            let deep = String(repeating: "[", count: 50_000)
            let plateau =
                #"{"plateau.rate":"7ff0000000000000","plateau.badCount":"\#(huge)","#
                + #""plateau.remainingCooldown":"\#(huge)"}"#
            let badCount = try #require(file.metadata["state.learningRate"]).replacing(
                /"plateau.badCount":"\d+"/, with: "\"plateau.badCount\":\"\(huge)\"")
            for (key, value) in [
                ("step", "-1"), ("step", huge), ("step", "1000000"), ("best", deep),
                ("best", #"{"name":"../../x","step":-5,"value":1e999}"#),
                ("best", #"{"name":"valError","step":\#(huge),"value":0}"#), ("state.best", deep), ("state.best", "{}"),
                ("state.learningRate", plateau),
                ("state.learningRate", badCount), ("state.learningRate", deep), ("state.validationIsPending", "7"),
                ("configFingerprint", "../../x"),
            ] {
                var metadata = file.metadata
                metadata[key] = value
                metadata[SafetensorsFile.checksumKey] = nil
                let sources = try file.tensors.map {
                    TensorSource(
                        name: $0.name, dataType: $0.dataType, shape: $0.shape, values: try file.floats(of: $0.name))
                }
                try SafetensorsFile(metadata: metadata, sources: sources).sealed().write(
                    to: directory.file("stranger.safetensors"))
                let before = try directory.contents()
                let outcome = try program.run(
                    Scenario.lenet5.arguments(in: directory) + ["--resume", directory.file("stranger.safetensors")])
                #expect(
                    [0, 64, 65].contains(outcome.exitCode) && outcome.leftovers.isEmpty,
                    "\(key): \(value.prefix(60)): \(outcome.account)")
                #expect(Set(try directory.contents()).subtracting(before).subtracting(["run"]).isEmpty)
                if outcome.exitCode != 0 {
                    #expect(
                        outcome.errors.contains("trainer: ") && !outcome.errors.contains("Fatal"), "\(outcome.account)")
                }
            }
        }

        @Test func `names from outside are text in the report, and colours for nobody's terminal`() throws {
            let attack = "<img src=x onerror=alert(1)>&\"'"
            let outcome = try program.run(train(configuration(), ["--run", directory.file(attack)]))
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let report = String(decoding: try directory.read(attack + "/report.html"), as: UTF8.self)
            #expect(!report.contains("<img") && report.contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;"))
            let refused = try program.run(["digest", directory.file("\u{1b}[31mred\u{7}")])
            #expect(
                refused.exitCode == 65 && !refused.errors.contains("\u{1b}")
                    && refused.errors.contains("\\u{1b}[31mred\\u{7}"), "\(refused.account)")
        }

        // MARK: - Numbers

        @Test(arguments: [nil, 3])
        func `a number that is none ends the job with step, layer, rank and samples`(ranks: Int?) throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30"]), ranks: ranks)
            expectEnd(
                outcome, 70,
                [
                    "step 2: the output of layer c2 is not a finite number (rank 0, samples 11091",
                    "lower the learning rate",
                ])
        }

        @Test func `also where gradients travel in messages`() throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30"]), ranks: 3,
                environment: ["TRAINER_SHARED_MEMORY": "0"])
            expectEnd(outcome, 70, ["step 2: the output of layer c2 is not a finite number (rank 0, samples 11091"])
        }

        @Test func `the step is skipped instead where the configuration says so`() throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30", "--set", "onNonFinite=skip"]), ranks: 2)
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let kinds = try jsonLines(directory.file("run/decisions.jsonl")).compactMap { $0["kind"] as? String }
            #expect(kinds.contains("skipNonFinite"))
        }

        @Test(arguments: ["stop", "skip"], [nil, 2])
        func `weights that are no numbers are never saved, and the newest checkpoint is one before them`(
            policy: String, ranks: Int?
        ) throws {
            // The rate of step 4 makes infinite weights of finite gradients.
            let config = try configuration {
                $0.replacingOccurrences(
                    of: "schedule: {onPlateau", with: "schedule: {step: {everySteps: 3, factor: 1e45}}\n#"
                )
                .replacingOccurrences(of: "checkpoint: {everySteps: 4", with: "checkpoint: {everySteps: 1")
            }
            let outcome = try program.run(train(config, ["--set", "onNonFinite=\(policy)"], steps: 9), ranks: ranks)
            expectEnd(outcome, 70, ["step 4: weight ", " is not a finite number", "the last checkpoint is intact"])
            let checkpoints = try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints"))
                .sorted()
            #expect(checkpoints.last == "step-00000003.safetensors")
        }

        @Test func `where steps are skipped and a rollback may help, a state of no numbers is passed over`() throws {
            // The rate of step 1 is 0, that of step 2 infinite.
            let config = try configuration {
                $0.replacingOccurrences(of: "schedule: {", with: "schedule: {warmup: {steps: 9}, ")
                    .replacingOccurrences(of: "patience: 1", with: "patience: 3")
                    .replacingOccurrences(of: "everySteps: 3", with: "everySteps: 1").replacingOccurrences(
                        of: "everySteps: 4", with: "everySteps: 1")
            }
            let outcome = try program.run(
                train(config, ["--set", "onNonFinite=skip", "--set", "optimizer.learningRate=1e40"], steps: 9))
            expectEnd(outcome, 70, ["weight ", " is not a finite number"])
            let decisions = try jsonLines(directory.file("run/decisions.jsonl"))
            let refused = decisions.filter { $0["kind"] as? String == "saveFailed" }
            #expect(
                refused.contains { ($0["reason"] as? String)?.contains("is not a finite number") ?? false },
                "\(outcome.account)")
            #expect(decisions.filter { $0["kind"] as? String == "rollback" }.count > 1, "\(outcome.account)")
        }

        @Test func `a validation that is no number does not pass for a result`() throws {
            let config = try configuration {
                $0.replacingOccurrences(of: "schedule: {onPlateau", with: "schedule: constant\n#")
            }
            let outcome = try program.run([
                "train", config, "--run", directory.file("run"), "--max-steps", "1", "--set",
                "optimizer.learningRate=1e30",
            ])
            expectEnd(
                outcome, 70,
                ["step 1: in validation the output of layer c2 is not a finite number (rank 0, samples 17365"])
        }
    }
}
