import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// The shipped configurations of every kind of training, on little data.
    @Suite struct SliceTests {
        private let program: Program
        private let data: SliceData
        /// Where runs are made, under `runs`.
        private let directory: TemporaryDirectory
        private static let steps = 11

        init() throws {
            program = try Program()
            data = try SliceData()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// The folder `configs` of the source tree.
        private static let configurations = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("configs").path

        /// Trains a slice, in batches of 16 in grains of 4, so that an epoch has several steps.
        private func train(
            _ slice: Slice, run: String? = nil, ranks: Int? = nil, threads: Int = 1, fault: String? = nil,
            _ more: [String] = []
        ) throws -> Program.Outcome {
            let overrides =
                slice.settings + ["batch=16", "grain=4", "validation={everySteps: 5}", "checkpoint={everySteps: 3}"]
                + more
            var environment = ["TRAINER_DATA": data.directory.path]
            environment["TRAINER_TEST_FAULT"] = fault
            return try program.run(
                ["train", "\(Self.configurations)/\(slice.name).yaml", "--max-steps", "\(Self.steps)"]
                    + ["--threads", "\(threads)"] + (run.map { ["--run", $0] } ?? [])
                    + overrides.flatMap { ["--set", $0] }, ranks: ranks, in: directory.path, environment: environment)
        }

        private func trained(_ slice: Slice) throws -> Program.Outcome {
            let before = [
                "autoencoder-features": "autoencoder-mnist", "wgan-mnist": "judge-mnist",
                "transfer-digits-5-9": "transfer-digits-0-4", "ants-bees": "cifar10-fast",
            ]
            if let name = before[slice.name] { _ = try trained(.named(name)) }
            let outcome = try train(slice)
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            return outcome
        }

        private func lines(_ slice: Slice, _ file: String = "metrics.jsonl") throws -> [[String: Any]] {
            try jsonLines(directory.file("runs/\(slice.name)/\(file)"))
        }

        // MARK: - Every slice

        @Test(arguments: Slice.all + Slice.boltzmann)
        func `a slice has one result on any ranks and threads, and after a kill within an epoch`(slice: Slice) throws {
            let first = try trained(slice)
            let figures = first.lastLine.split(separator: " ").compactMap { $0.split(separator: "=").first }
            #expect(
                figures.map(String.init) == ["final:", "epochs", "steps"] + slice.figures + ["digest"],
                "\(first.lastLine)")
            let wide = try train(slice, run: "wide", ranks: 3, threads: 2)
            let killed = try train(slice, run: "killed", fault: "kill:training:0:7")
            #expect(killed.exitCode == 128 + SIGKILL, "\(killed.account)")
            let resumed = try train(slice, run: "killed", ranks: 2)
            // A plateau rule that goes back saves each best validation, here after step 5, which is soon enough.
            #expect(resumed.output.contains(/resumed from step [56]\n/), "\(resumed.account)")
            for (run, outcome) in [("wide", wide), ("killed", resumed)] {
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                #expect(outcome.lastLine == first.lastLine)
                for file in ["final.safetensors", "best.safetensors"] {
                    #expect(
                        try FileContent(directory.file("\(run)/\(file)"))
                            == FileContent(directory.file("runs/\(slice.name)/\(file)")), "\(run)/\(file)")
                }
                let figures = directory.file("runs/\(slice.name)/figures.jsonl")
                if FileManager.default.fileExists(atPath: figures) {
                    #expect(try FileContent(directory.file("\(run)/figures.jsonl")) == FileContent(figures), "\(run)")
                }
            }
        }

        @Test(arguments: [("abalone", "rings="), ("digits-two-heads", "slant="), ("xor-points", "score=")])
        func `a run that is copied away from its data predicts`(name: String, words: String) throws {
            _ = try trained(.named(name))
            let elsewhere = try TemporaryDirectory(inMemory: true)
            try FileManager.default.copyItem(
                atPath: directory.file("runs/\(name)"), toPath: elsewhere.file("run"))
            let samples =
                switch name {
                case "abalone": try elsewhere.write(Array("M,0.4,0.3,0.1,0.5,0.2,0.1,0.1\n".utf8), to: "new.csv")
                case "xor-points": try elsewhere.write(Array("x,y\n0.5,0.5\n".utf8), to: "new.csv")
                default: try elsewhere.write(SliceData.picture, to: "new.pgm")
                }
            let outcome = try program.run(
                ["predict", "run", samples], in: elsewhere.path, environment: ["TRAINER_DATA": elsewhere.path])
            #expect(outcome.exitCode == 0 && outcome.lastLine.contains(words), "\(outcome.account)")
        }

        // MARK: - One by one

        @Test func `regression never speaks of accuracy or classes`() throws {
            let slice = Slice.named("abalone")
            let outcome = try trained(slice)
            var texts = ["standard output": outcome.output]
            let run = directory.file("runs/\(slice.name)")
            for file in try FileManager.default.contentsOfDirectory(atPath: run)
            where file == "metrics.jsonl" || file.hasPrefix("events.") {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(run)/\(file)"))
                texts[file] = String(decoding: bytes, as: UTF8.self)
            }
            let page = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: "\(run)/report.html")), as: UTF8.self)
            let body = page.components(separatedBy: "<body>").last?.components(separatedBy: "<script>").first ?? ""
            // What a reader sees: without tags.
            texts["report.html"] = body.split(separator: "<").map { $0.drop { $0 != ">" } }.joined()
            #expect(texts.count == 4)
            for (name, text) in texts {
                for word in ["accuracy", "class"] {
                    #expect(!text.lowercased().contains(word), "\(name) speaks of \(word)")
                }
                #expect(text.lowercased().contains(name == "report.html" ? "root mean square" : "rmse"), "\(name)")
            }
        }

        @Test(.enabled(if: dataFolder != nil, needsData))
        func `abalones are dated better than by a linear model`() throws {
            let outcome = try program.run(
                ["train", "\(Self.configurations)/abalone.yaml", "--threads", "1"], in: directory.path)
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            let test = try program.run(["evaluate", "runs/abalone", "--threads", "1"], in: directory.path)
            let rmse = test.lastLine.split(separator: " ").first { $0.hasPrefix("rmse=") }
                .flatMap { Double($0.dropFirst(5)) }
            #expect(try #require(rmse, "\(test.account)") < 2.2, "a linear model reaches 2.2")
        }

        @Test(arguments: [
            ([], 0.99...1), (["model.layers=[{linear: 1}]"], 0...0.76),
            (["model.layers=[{linear: 1}]", "data.shape=linear"], 1...1),
        ])
        func `two layers solve exclusive or, one does not, and is enough where a line separates the classes`(
            overrides: [String], accuracies: ClosedRange<Double>
        ) throws {
            let outcome = try program.run(
                ["train", "\(Self.configurations)/xor-points.yaml", "--threads", "1"]
                    + overrides.flatMap { ["--set", $0] }, in: directory.path)
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            let test = try program.run(["evaluate", "runs/xor-points", "--threads", "1"], in: directory.path)
            let accuracy = test.lastLine.split(separator: " ").first { $0.hasPrefix("accuracy=") }
                .flatMap { Double($0.dropFirst(9)) }
            #expect(accuracies.contains(try #require(accuracy, "\(test.account)")), "\(test.account)")
        }

        @Test func `what a later phase learns on its own data, it measures on the earlier ones', too`() throws {
            let slice = Slice.named("split-digits")
            _ = try train(slice)
            let validations = try lines(slice).filter { line in line.keys.contains { $0.hasPrefix("val") } }
            func steps(_ key: String) -> [Int] {
                validations.filter { $0[key] != nil }.compactMap { $0["step"] as? Int }
            }
            // Five steps of the first phase, then six of the second.
            #expect(steps("valFirstAccuracy") == [5, 10, 11] && steps("valSecondAccuracy") == [10, 11])
        }

        @Test func `an auxiliary head trains and is not evaluated`() throws {
            let slice = Slice.named("digits-auxiliary")
            _ = try train(slice, ["logEverySteps=5"])
            let names = Set(try lines(slice).flatMap(\.keys))
            #expect(
                names.isSuperset(of: ["trainDigitCrossEntropy", "trainAuxiliaryCrossEntropy", "valDigitCrossEntropy"]))
            #expect(!names.contains("valAuxiliaryCrossEntropy"))
        }

        /// Deck 3: kernels are learned from pictures instead of designed.
        @Test func `a filter learns the edge kernel from drawn digits`() throws {
            let outcome = try program.run(
                ["train", "\(Self.configurations)/learn-the-kernel.yaml", "--threads", "1"], in: directory.path)
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            let learned = try WeightsFile.read(directory.file("runs/learn-the-kernel/final.safetensors"))
            let filter = try learned.floats(of: "learned.weight")
            for (value, edge) in zip(filter, [-1, -1, -1, -1, 8, -1, -1, -1, -1] as [Float]) {
                #expect(abs(value - edge) < 1e-2, "\(filter)")
            }
            #expect(abs(try learned.floats(of: "learned.bias")[0]) < 1e-2)
        }

        @Test func `frozen layers keep the weights that they started from`() throws {
            _ = try trained(.named("autoencoder-features"))
            func floats(_ run: String, _ tensor: String) throws -> [Float] {
                try WeightsFile.read(directory.file("runs/\(run)/final.safetensors")).floats(of: tensor)
            }
            for tensor in ["encoder.0.weight", "encoder.0.bias", "encoder.2.weight"] {
                #expect(try floats("autoencoder-features", tensor) == floats("autoencoder-mnist", tensor))
            }
            let start = try lines(.named("autoencoder-features"), "decisions.jsonl").first
            let reason = try #require(start?["reason"] as? String)
            #expect(reason.contains("4 of 4 parameters taken") && reason.contains("decoder.0.weight"), "\(reason)")
        }

        @Test(arguments: [
            ("autoencoder-mnist", "main"), ("denoising-mnist", "main"), ("vae-mnist", "main"),
            ("gan-mnist", "generator"), ("rbm-mnist", "main"),
        ])
        func `validation leaves pictures`(name: String, phase: String) throws {
            _ = try trained(.named(name))
            let folder = directory.file("runs/\(name)/pictures")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(files == ["00000005", "00000010", "00000011"].map { "\(phase)-step-\($0).png" })
            for file in files {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))
                #expect(bytes.starts(with: [0x89] + Array("PNG".utf8)))
            }
        }

        @Test func `evaluation of a text in lanes has one result on any ranks and threads`() throws {
            _ = try trained(.named("shakespeare-rnn"))
            let runs: [(ranks: Int?, threads: Int)] = [(nil, 1), (nil, 2), (3, 1), (2, 2)]
            let lines = try runs.map { ranks, threads in
                try program.run(
                    ["evaluate", "runs/shakespeare-rnn", "--threads", "\(threads)"], ranks: ranks, in: directory.path,
                    environment: ["TRAINER_DATA": data.directory.path]
                ).lastLine
            }
            #expect(lines[0].hasPrefix("samples=") && lines[0].contains("perplexity="), "\(lines[0])")
            #expect(Set(lines).count == 1, "\(lines)")
        }

        @Test func `more lanes than windows are refused`() throws {
            let outcome = try train(.named("shakespeare-rnn"), ["batch=1000"])
            #expect(outcome.exitCode == 64, "\(outcome.account)")
            #expect(outcome.errors.contains("batch: 1000 lanes of a text of 4"), "\(outcome.account)")
        }

        /// A sample's values depend on its neighbours', which those of layers do too.
        @Test func `layers of a network on a graph can be looked at`() throws {
            _ = try trained(.named("gcn-cora"))
            for kind in [["activations"], ["embedding", "--steps", "20", "--perplexity", "3"]] {
                let made = try program.run(
                    ["look", kind[0], "runs/gcn-cora", "--out", directory.file(kind[0])] + kind.dropFirst(),
                    in: directory.path, environment: ["TRAINER_DATA": data.directory.path])
                #expect(made.exitCode == 0, "\(kind): \(made.account)")
            }
        }

        @Test func `maps of a layer of symmetries have a row for each pose, and sounds are refused by name`() throws {
            func look(_ arguments: [String]) throws -> Program.Outcome {
                try program.run(
                    ["look"] + arguments, in: directory.path, environment: ["TRAINER_DATA": data.directory.path])
            }
            _ = try trained(.named("p4-rotated-mnist"))
            let made = try look(["maps", "runs/p4-rotated-mnist", "--nodes", "2", "--out", directory.file("maps")])
            try #require(made.exitCode == 0, "\(made.account)")
            let page = try String(contentsOfFile: directory.file("maps/maps.html"), encoding: .utf8)
            #expect(page.contains("40 maps of ") && page.contains("a row for each of 4 poses"))
            _ = try trained(.named("spoken-digits-tdnn"))
            for kind in ["maps", "saliency"] {
                let refused = try look([kind, "runs/spoken-digits-tdnn", "--out", directory.file("sound")])
                #expect(
                    refused.exitCode == 64 && refused.errors.contains("'sound', which is no picture"),
                    "\(refused.account)")
            }
        }
    }
}
