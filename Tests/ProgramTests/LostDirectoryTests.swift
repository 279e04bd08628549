import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// A run directory that is removed, moved or replaced in mid-run: the job ends soon and says so, and nothing is
    /// lost.
    @Suite struct LostDirectory {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private var run: String { directory.file("run") }

        private func undisturbed(_ scenario: Scenario) throws -> FileContent {
            let outcome = try program.run(scenario.arguments(in: directory, run: "undisturbed"))
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            return try FileContent(directory.file("undisturbed/final.safetensors"))
        }

        private func final() throws -> FileContent { try FileContent(run + "/final.safetensors") }

        /// Takes the folder from its path in one step, and removes it.
        private func remove() throws {
            try move()
            try FileManager.default.removeItem(atPath: directory.file("moved"))
        }

        private func move() throws { try FileManager.default.moveItem(atPath: run, toPath: directory.file("moved")) }

        /// Runs until rank 0 reaches `place`, where the world changes while it stands still for more than a second.
        private func interrupt(
            _ scenario: Scenario, at place: String, _ options: [String] = [], ranks: Int? = nil,
            _ change: () throws -> Void
        ) throws -> Program.Outcome {
            let parts = place.split(separator: ":")
            let job = try program.start(
                scenario.arguments(in: directory) + options, ranks: ranks,
                environment: ["TRAINER_TEST_FAULT": "stop:\(parts[0]):0:\(parts[1])"])
            let stands = job.wait { $0.isStopped(rank: ranks == nil ? nil : 0) }
            try #require(stands, "\(stands ? "" : job.wait(timeoutSeconds: 1).account)")
            try change()
            usleep(1_100_000)  // the folder is looked at once a second
            if ranks == nil { job.signal(SIGCONT) } else { job.signal(SIGCONT, rank: 0) }
            return job.wait()
        }

        private func expectLoss(_ outcome: Program.Outcome, _ words: [String]) {
            #expect(outcome.exitCode == 70 && outcome.leftovers.isEmpty && !outcome.timedOut, "\(outcome.account)")
            #expect(outcome.secondsFromError ?? 0 < 10, "\(outcome.account)")
            for word in ["the run directory was removed or moved while the job trained after step "] + words {
                #expect(outcome.errors.contains(word), "no '\(word)': \(outcome.account)")
            }
        }

        // A write that fails in the background is seen when it has failed, a step later or not.
        @Test(
            arguments: [
                ("training:58", 59...59), ("validation:57", 57...57), ("checkpoint:56", 56...57),
                ("finish:118", 118...118),
            ], [nil, 2])
        func `a folder that is removed is made again with the state, and the same command ends with the same bits`(
            place: (String, steps: ClosedRange<Int>), ranks: Int?
        ) throws {
            let expected = try undisturbed(.lenet5Kill)
            let lost = try interrupt(.lenet5Kill, at: place.0, ranks: ranks) { try remove() }
            let step = try #require(
                place.steps.first { lost.errors.contains("while the job trained after step \($0);") }, "\(lost.account)"
            )
            let name = String(format: "step-%08d.safetensors", step)
            expectLoss(
                lost,
                [
                    "after step \(step); it was made again and the state saved as \(run)/checkpoints/\(name)",
                    "the same command",
                ])
            let resumed = try program.run(Scenario.lenet5Kill.arguments(in: directory), ranks: ranks)
            #expect(resumed.exitCode == 0 && resumed.output.contains("/\(name) at step \(step)"), "\(resumed.account)")
            #expect(try final() == expected)
            // A validation that was cut short is made when the run goes on.
            if place.0.hasPrefix("validation") {
                #expect(resumed.output.contains("validation at step 57"), "\(resumed.account)")
            }
            #expect(
                try jsonLines(run + "/metrics.jsonl").count
                    == jsonLines(directory.file("undisturbed/metrics.jsonl")).count)
        }

        /// Rank 0 has a part of the optimizer's state alone, and of the state that a rollback goes back to.
        @Test func `ranks that share the update save the whole state`() throws {
            let expected = try undisturbed(.lenet5Kill)
            let shared = ["--set", "communication.shardOptimizer=always"]
            let lost = try interrupt(.lenet5Kill, at: "training:58", shared, ranks: 3) { try remove() }
            #expect(lost.output.contains("each rank has a part of the optimizer's state"), "\(lost.account)")
            expectLoss(lost, ["it was made again and the state saved as \(run)/checkpoints/step-"])
            let resumed = try program.run(Scenario.lenet5Kill.arguments(in: directory), ranks: 2)
            #expect(resumed.exitCode == 0 && resumed.output.contains("resumed from"), "\(resumed.account)")
            #expect(try final() == expected)
        }

        @Test func `a job with restarts goes on by itself`() throws {
            let expected = try undisturbed(.lasting)
            let job = try program.start(Scenario.lasting.arguments(in: directory) + ["--np", "2", "--restarts", "1"])
            #expect(job.wait { $0.output.contains("step 500/") }, "\(job.errors)")
            try remove()
            let outcome = job.wait()
            #expect(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.errors.contains("the run directory was removed or moved"), "\(outcome.account)")
            #expect(outcome.errors.contains("attempt 2 of 2 with 2 ranks from step "), "\(outcome.account)")
            #expect(try final() == expected)
        }

        @Test func `a folder that was moved stays as it is`() throws {
            let expected = try undisturbed(.lenet5Kill)
            expectLoss(try interrupt(.lenet5Kill, at: "training:58") { try move() }, ["the state saved as"])
            #expect(
                !FileManager.default.fileExists(atPath: directory.file("moved/checkpoints/step-00000059.safetensors")))
            #expect(try program.run(Scenario.lenet5Kill.arguments(in: directory)).exitCode == 0)
            #expect(try final() == expected)
        }

        @Test func `an empty folder in its place is used, one with other files is not touched`() throws {
            let expected = try undisturbed(.lenet5Kill)
            let replaced = try interrupt(.lenet5Kill, at: "training:58") {
                try move()
                try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
            }
            expectLoss(replaced, ["the state saved as"])
            #expect(try program.run(Scenario.lenet5Kill.arguments(in: directory)).exitCode == 0)
            #expect(try final() == expected)

            for name in ["run", "moved"] { try FileManager.default.removeItem(atPath: directory.file(name)) }
            let foreign = try interrupt(.lenet5Kill, at: "training:58") {
                try move()
                try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
                try directory.write([1], to: "run/letter")
            }
            expectLoss(
                foreign, ["the state could not be saved there", "a folder with other files has taken its place"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: run) == ["letter"])
        }

        @Test func `where it cannot be made again, the message says why`() throws {
            let outcome = try interrupt(.lenet5Kill, at: "checkpoint:56") {
                try remove()
                try directory.write([1], to: "run")
            }
            expectLoss(outcome, ["the state could not be saved there (\(run): create: a file has that name"])
        }

        @Test func `a folder that lost only its checkpoints counts as lost`() throws {
            let expected = try undisturbed(.lenet5Kill)
            let outcome = try interrupt(.lenet5Kill, at: "training:58") {
                try FileManager.default.removeItem(atPath: run + "/checkpoints")
            }
            expectLoss(outcome, ["step-00000059.safetensors"])
            #expect(try program.run(Scenario.lenet5Kill.arguments(in: directory)).exitCode == 0)
            #expect(try final() == expected)
        }

        @Test func `a run that goes on without its storage goes on in a new folder, with a whole log`() throws {
            let expected = try undisturbed(.lenet5Kill)
            let outcome = try interrupt(
                .lenet5Kill, at: "training:58", ["--set", "checkpoint.onFailure=continue"], ranks: 2
            ) { try remove() }
            #expect(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.output.contains("it was made again and the state saved as"), "\(outcome.account)")
            #expect(try final() == expected)
            #expect(try jsonLines(run + "/decisions.jsonl").contains { $0["kind"] as? String == "runDirectoryLost" })
            #expect(
                try jsonLines(run + "/metrics.jsonl").count
                    == jsonLines(directory.file("undisturbed/metrics.jsonl")).count)
        }
    }
}

extension Scenario {
    /// Trains for seconds after step 500.
    fileprivate static let lasting = Scenario(name: "lasting", yaml: long.yaml, steps: 3000)
}

extension RunningProgram {
    /// Whether a rank of the job, or the process without ranks, stands still.
    func isStopped(rank: Int?) -> Bool {
        let number = rank.map { rank in processes.first { $0.value == rank }?.key } ?? process
        guard let number, let status = FileManager.default.contents(atPath: "/proc/\(number)/status") else {
            return false
        }
        return String(decoding: status, as: UTF8.self).contains("State:\tT")
    }
}
