import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// A run that was stopped, killed or damaged ends with the bytes of one that never was.
    @Suite struct Resume {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// The final bytes of an undisturbed run of `scenario`.
        private func undisturbed(_ scenario: Scenario) throws -> FileContent {
            let outcome = try program.run(scenario.arguments(in: directory, run: "undisturbed", threads: 1))
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            return try FileContent(directory.file("undisturbed/final.safetensors"))
        }

        private func kinds(_ run: String = "run") throws -> [String] {
            try jsonLines(directory.file(run + "/decisions.jsonl")).compactMap { $0["kind"] as? String }
        }

        @Test(arguments: [(SIGTERM, nil, 3), (SIGINT, 1, 0), (SIGUSR1, 2, 2)] as [(Int32, Int?, Int)])
        func `a signal to one rank leads to a checkpoint, exit code 75 and the same final bytes`(
            signal: Int32, rank: Int?, ranksAfterwards: Int
        ) throws {
            let scenario = Scenario.long
            let expected = try undisturbed(scenario)
            let job = try program.start(scenario.arguments(in: directory), ranks: rank == nil ? nil : 3)
            #expect(job.wait { $0.output.contains("step 50/") }, "\(job.errors)")
            if let rank { job.signal(signal, rank: rank) } else { job.signal(signal) }
            let stopped = job.wait()
            #expect(stopped.exitCode == 75 && stopped.leftovers.isEmpty, "\(stopped.account)")
            #expect(
                stopped.output.contains("stopped by") && stopped.lastLine.hasPrefix("final: "), "\(stopped.account)")
            #expect(!FileManager.default.fileExists(atPath: directory.file("run/final.safetensors")))
            let resumed = try program.run(
                scenario.arguments(in: directory), ranks: ranksAfterwards > 0 ? ranksAfterwards : nil)
            #expect(resumed.exitCode == 0, "\(resumed.account)")
            #expect(try FileContent(directory.file("run/final.safetensors")) == expected)
            #expect(try kinds().contains("stopSignal") && kinds().contains("resume"))
        }

        @Test func `a stop in the middle of validation leaves it to the resumed run`() throws {
            let scenario = Scenario.slowValidation
            let expected = try undisturbed(scenario)
            let job = try program.start(scenario.arguments(in: directory), ranks: 2)
            #expect(job.wait { $0.output.contains("step 2/") }, "\(job.errors)")
            job.signal(SIGTERM, rank: 1)
            let stopped = job.wait()
            #expect(stopped.exitCode == 75 && !stopped.output.contains("validation at"), "\(stopped.account)")
            let resumed = try program.run(scenario.arguments(in: directory))
            #expect(resumed.exitCode == 0 && resumed.output.contains("validation at step 2"), "\(resumed.account)")
            #expect(try FileContent(directory.file("run/final.safetensors")) == expected)
            let validations = try jsonLines(directory.file("run/metrics.jsonl")).filter { $0["valLoss"] != nil }
            #expect(validations.map { $0["step"] as? Int } == [2, 4], "each once")
        }

        @Test func `a run that ends early says so once, ends alike on any ranks and stays ended`() throws {
            let alone = try program.run(Scenario.earlyStop.arguments(in: directory, threads: 1))
            #expect(alone.exitCode == 0, "\(alone.account)")
            let line =
                /final: epochs=[0-9.]+ steps=9( val[A-Z][A-Za-z0-9]+=[0-9.]+){5} digest=[0-9a-f]{64}/
            #expect(alone.lastLine.wholeMatch(of: line) != nil, "\(alone.account)")
            #expect(alone.output.contains("stopped early: validation no longer improves"), "\(alone.account)")
            let again = try program.run(Scenario.earlyStop.arguments(in: directory), ranks: 2)
            #expect(again.exitCode == 0 && again.lastLine == alone.lastLine, "\(again.account)")
            #expect(try kinds().filter { $0 == "earlyStop" }.count == 1 && kinds().contains("resume"))
            let ranks = try program.run(Scenario.earlyStop.arguments(in: directory, run: "ranks"), ranks: 3)
            #expect(ranks.lastLine == alone.lastLine, "\(ranks.account)")
            #expect(try kinds("ranks") == ["earlyStop"])
            #expect(
                try FileContent(directory.file("ranks/final.safetensors"))
                    == FileContent(directory.file("run/final.safetensors")))
        }

        @Test func `SIGUSR1 to mpirun stops the whole job in order`() throws {
            let job = try program.start(Scenario.endless.arguments(in: directory), ranks: 2)
            #expect(job.wait { $0.output.contains("step 50/") }, "\(job.errors)")
            job.signal(SIGUSR1)
            let stopped = job.wait()
            #expect(stopped.exitCode == 75 && stopped.leftovers.isEmpty, "\(stopped.account)")
        }

        @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
        func `a job killed at a random point and restarted on other ranks gives the same final bytes`(seed: UInt64)
            throws
        {
            var random = SplitMix(state: seed)
            let scenario = [Scenario.batchNormalizationKill, .lenet5Kill, .mlpKill][Int(seed % 3)]
            let expected = try undisturbed(scenario)
            let ranks = 1 + random.next(below: 4)
            let lines = 1 + random.next(below: 40)
            let job = try program.start(
                scenario.arguments(in: directory, threads: 1 + random.next(below: 2)), ranks: ranks)
            let reached = job.wait { $0.output.split(separator: "\n").count >= lines }
            let killsTree = seed > 3
            if killsTree { job.killTree() } else { job.signal(SIGKILL, rank: random.next(below: ranks)) }
            let killed = job.wait()
            #expect(
                reached && killed.exitCode != 0 && !killed.timedOut && killed.leftovers.isEmpty,
                "seed \(seed): \(killed.account)")
            let again = 1 + random.next(below: 4)
            let resumed = try program.run(
                scenario.arguments(in: directory, threads: 1 + random.next(below: 2)), ranks: again)
            #expect(resumed.exitCode == 0, "seed \(seed), \(again) ranks: \(resumed.account)")
            #expect(
                try FileContent(directory.file("run/final.safetensors")) == expected,
                "seed \(seed), \(ranks) then \(again) ranks")
        }

        @Test func `a killed launcher leaves no rank behind`() throws {
            let job = try program.start(Scenario.endless.arguments(in: directory), ranks: 3)
            #expect(job.wait { $0.output.contains("step 50/") }, "\(job.errors)")
            job.signal(SIGKILL)
            let outcome = job.wait()
            #expect(outcome.exitCode == 128 + SIGKILL && outcome.leftovers.isEmpty, "\(outcome.account)")
        }

        @Test(arguments: ["truncated", "flipped", "empty", "torn best"])
        func `a damaged checkpoint is passed over for the one before, which is said`(damage: String) throws {
            let scenario = Scenario.lenet5
            let expected = try undisturbed(scenario)
            let first = try program.run(scenario.arguments(in: directory, threads: 1))
            #expect(first.exitCode == 0, "\(first.account)")
            let folder = directory.file("run/checkpoints")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            try #require(names.count >= 3, "\(names)")
            // The oldest that is kept is the best, where the newest goes back to.
            let victim = names[damage == "torn best" ? 0 : names.count - 1]
            var content = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + victim))
            switch damage {
            case "empty": content = Data()
            case "flipped": content[content.count / 2] ^= 1
            default: content = content.prefix(content.count / 2)
            }
            try content.write(to: URL(fileURLWithPath: folder + "/" + victim))
            try FileManager.default.removeItem(atPath: directory.file("run/final.safetensors"))
            let resumed = try program.run(scenario.arguments(in: directory), ranks: 2)
            #expect(resumed.exitCode == 0, "\(resumed.account)")
            #expect(try FileContent(directory.file("run/final.safetensors")) == expected)
            let fallbacks = try jsonLines(directory.file("run/decisions.jsonl")).filter {
                $0["kind"] as? String == "checkpointFallback"
            }
            #expect(fallbacks.contains { ($0["reason"] as? String)?.contains(victim) == true }, "\(fallbacks)")
        }

        @Test func `a finished run started again ends at once with the same line`() throws {
            let first = try program.run(Scenario.lenet5.arguments(in: directory))
            let second = try program.run(Scenario.lenet5.arguments(in: directory), ranks: 2)
            #expect(second.exitCode == 0 && second.lastLine == first.lastLine, "\(second.account)")
        }

        @Test func `a checkpoint of another folder is gone on from, and that run can be resumed itself`() throws {
            let scenario = Scenario.lenet5Kill
            let expected = try undisturbed(scenario)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("undisturbed/checkpoints"))
                .sorted()
            let source = try #require(names.dropLast().last)
            let file = directory.file("undisturbed/checkpoints/" + source)
            let job = try program.start(scenario.arguments(in: directory) + ["--resume", file])
            _ = job.wait { $0.output.contains("resumed from") }
            job.killTree()
            _ = job.wait()
            let resumed = try program.run(scenario.arguments(in: directory), ranks: 3)
            #expect(resumed.exitCode == 0, "\(resumed.account)")
            #expect(try FileContent(directory.file("run/final.safetensors")) == expected)
        }

        @Test func `--resume never sets the old run aside and begins anew`() throws {
            let scenario = Scenario.lenet5
            let first = try program.run(scenario.arguments(in: directory))
            let old = try FileContent(directory.file("run/final.safetensors"))
            // A slash at the end names the same folder.
            let second = try program.run(
                scenario.arguments(in: directory) + ["--resume", "never", "--run", directory.file("run") + "/"])
            #expect(second.exitCode == 0 && second.lastLine == first.lastLine, "\(second.account)")
            #expect(!second.output.contains("resumed"))
            #expect(try FileContent(directory.file("run.1/final.safetensors")) == old)
        }

        @Test func `a learning rate that is changed by hand goes on from the checkpoint and is told`() throws {
            func run(_ name: String, rate: Double? = nil, ranks: Int? = nil, fault: String? = nil) throws
                -> Program.Outcome
            {
                try program.run(
                    Scenario.mlp.arguments(in: directory, run: name)
                        + (rate.map { ["--set", "optimizer.learningRate=\($0)"] } ?? []),
                    ranks: ranks, environment: fault.map { ["TRAINER_TEST_FAULT": $0] } ?? [:])
            }
            let whole = try run("whole")
            #expect(whole.exitCode == 0, "\(whole.account)")
            // Which checkpoint is the newest when the run is killed depends on the disk: both go on from the same one.
            _ = try run("one", fault: "kill:training:0:14")
            try FileManager.default.copyItem(atPath: directory.file("one"), toPath: directory.file("two"))
            for (name, ranks) in [("one", nil), ("two", 2)] as [(String, Int?)] {
                let changed = try run(name, rate: 0.002, ranks: ranks)
                #expect(changed.exitCode == 0, "\(changed.account)")
                let decisions = try jsonLines(directory.file(name + "/decisions.jsonl"))
                let changes = decisions.filter { $0["kind"] as? String == "rateChanged" }
                let numbers = changes.first?["numbers"] as? [String: Double]
                #expect(changes.count == 1 && numbers == ["from": 0.02, "to": 0.002], "\(decisions)")
                let report = try String(contentsOfFile: directory.file(name + "/report.html"), encoding: .utf8)
                #expect(report.contains("changed by hand"))
            }
            let final = try FileContent(directory.file("one/final.safetensors"))
            #expect(try final == FileContent(directory.file("two/final.safetensors")))
            #expect(try final != FileContent(directory.file("whole/final.safetensors")))
            let rates = try jsonLines(directory.file("one/metrics.jsonl")).compactMap { $0["learningRate"] as? Double }
            // A decay of the plateau rule before the change counts for the new rate, too.
            #expect((rates.first ?? 0) > 0.005 && (rates.last ?? 1) <= 0.002, "\(rates)")
        }

        @Test(arguments: [nil, 3])
        func `another configuration is refused and the keys that changed are named`(ranks: Int?) throws {
            let first = try program.run(Scenario.mlp.arguments(in: directory))
            #expect(first.exitCode == 0, "\(first.account)")
            let outcome = try program.run(
                Scenario.mlp.arguments(in: directory) + [
                    "--set", "optimizer.weightDecay=0.5", "--set", "logEverySteps=3",
                ], ranks: ranks)
            #expect(outcome.exitCode == 64 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.errors.contains("optimizer.weightDecay: 0.0 → 0.5"), "\(outcome.account)")
            #expect(!outcome.errors.contains("logEverySteps"), "what does not change the weights is no obstacle")
            #expect(outcome.errors.contains("--resume never"))
        }
    }
}

/// Reproducible choices (Steele, Lea and Flood 2014).
struct SplitMix {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }
}
