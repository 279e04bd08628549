import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// The shipped configurations of the first chapters: what one neuron learns, and what takes a hidden layer.
    @Suite struct Neurons {
        private let program: Program
        private let directory: TemporaryDirectory
        private static let configurations = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("configs").path

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func train(_ name: String, _ overrides: [String] = [], run: String = "run", ranks: Int? = nil) throws
            -> Program.Outcome
        {
            try program.run(
                ["train", "\(Self.configurations)/\(name).yaml", "--threads", "1", "--run", run, "--resume", "never"]
                    + overrides.flatMap { ["--set", $0] }, ranks: ranks, in: directory.path)
        }

        private func accuracy(_ run: String = "run") throws -> Double? {
            let test = try program.run(["evaluate", run, "--threads", "1"], in: directory.path)
            return test.lastLine.split(separator: " ").first { $0.hasPrefix("accuracy=") }
                .flatMap { Double($0.dropFirst(9)) }
        }

        private func decisions(_ run: String = "run") throws -> [String] {
            try jsonLines(directory.file(run + "/decisions.jsonl")).compactMap { $0["kind"] as? String }
        }

        @Test(arguments: ["and", "or", "nand", "nor"])
        func `the perceptron ends by itself on what a line separates`(function: String) throws {
            let outcome = try train("perceptron", ["data.function=\(function)"])
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            #expect(outcome.output.contains("the training loss is small enough"), "\(outcome.account)")
            #expect(try decisions() == ["lossReached"] && accuracy() == 1)
        }

        @Test func `on exclusive or the perceptron trains to the last epoch`() throws {
            let outcome = try train("perceptron", ["data.function=xor"])
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            #expect(outcome.lastLine.contains("steps=400 "), "\(outcome.account)")
            #expect(try decisions() == [] && (accuracy() ?? 1) < 1)
        }

        @Test(arguments: [("or", 1...1), ("and", 1...1), ("xor", 0...0.75)])
        func `ADALINE learns what a line separates`(function: String, accuracies: ClosedRange<Double>) throws {
            let outcome = try train("adaline", ["data.function=\(function)"])
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            #expect(accuracies.contains(try accuracy() ?? -1))
        }

        @Test func `a hidden layer solves exclusive or from 20 of 20 seeds, and ends by itself`() throws {
            for seed in 1...20 {
                let outcome = try train("xor-table", ["seed=\(seed)"])
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                #expect(try decisions() == ["lossReached"] && accuracy() == 1, "seed \(seed): \(outcome.account)")
            }
        }

        @Test func `a run ends at the same step and with the same bits on any ranks, and after a stop within an epoch`()
            throws
        {
            let overrides = [
                "data.limit=300", "data.validation=50", "batch=16", "grain=4", "epochs=40", "schedule=constant",
                "stop={trainLoss: 0.3}",
                "checkpoint={everySteps: 7}",
            ]
            let one = try train("xor-points", overrides, run: "one")
            try #require(one.exitCode == 0, "\(one.account)")
            #expect(try decisions("one") == ["lossReached"], "\(one.account)")
            let three = try train("xor-points", overrides, run: "three", ranks: 3)
            #expect(three.lastLine == one.lastLine, "\(three.account)")
            #expect(try decisions("three") == ["lossReached"])
            let arguments =
                ["train", "\(Self.configurations)/xor-points.yaml", "--threads", "1", "--run", "killed"]
                + overrides.flatMap { ["--set", $0] }
            let killed = try program.run(
                arguments, in: directory.path, environment: ["TRAINER_TEST_FAULT": "kill:training:0:24"])
            #expect(killed.exitCode == 128 + SIGKILL, "\(killed.account)")
            let resumed = try program.run(arguments, ranks: 2, in: directory.path)
            #expect(resumed.exitCode == 0 && resumed.lastLine == one.lastLine, "\(resumed.account)")
            #expect(
                try FileContent(directory.file("killed/final.safetensors"))
                    == FileContent(directory.file("one/final.safetensors")))
        }

        @Test(arguments: [
            (
                ["optimizer={name: rprop, learningRate: 0.01}"],
                ["'optimizer'", "a batch is 64 of 3000 samples", "'batch: all'", "'miniBatches: true'"]
            ),
            (["schedule={step: {atEpochs: [3, 90]}}"], ["'schedule.step.atEpochs'", "90 epochs", "at most 11 epochs"]),
            (["schedule={warmup: {epochs: 12}}"], ["'schedule.warmup'", "at most 11 epochs"]),
            (["schedule={triangular: {base: 0, halfCycleEpochs: 7}}"], ["'schedule.triangular.halfCycleEpochs'"]),
        ])
        func `what does not fit the run is refused before the first step, with the place`(
            overrides: [String], words: [String]
        ) throws {
            let outcome = try train("xor-points", overrides)
            #expect(outcome.exitCode == 64, "\(outcome.account)")
            for word in words { #expect(outcome.errors.contains(word), "\(outcome.account)") }
        }

        @Test(arguments: [["optimizer={name: rprop, learningRate: 0.01}", "batch=all"], ["maxSteps=20", "epochs=90"]])
        func `the same is allowed for all samples, and for a trial that maxSteps cuts short`(overrides: [String]) throws
        {
            let outcome = try train(
                "xor-points",
                overrides + ["schedule={step: {atEpochs: [2, 8]}}", "data.limit=500", "data.validation=100"])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }
    }
}
