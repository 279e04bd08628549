import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Runs that differ in some values, started together and shown beside each other.
    @Suite struct Sweeps {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private static let yaml = """
            model: {input: [28, 28, 1], layers: [flatten, {linear: 16}, relu, {linear: 10}]}
            data: {name: digits, limit: 200, validation: 40}
            batch: 40
            grain: 10
            epochs: 1000000
            optimizer: {name: sgd, learningRate: 0.1}
            validation: {everySteps: 5}
            checkpoint: {everySteps: 20}
            logEverySteps: 2

            """

        private func arguments(_ run: String = "sweep", steps: Int = 12, _ options: String...) throws -> [String] {
            let config = try directory.write(Array(Sweeps.yaml.utf8), to: "small.yaml")
            return ["sweep", config, "--run", directory.file(run), "--max-steps", "\(steps)"] + options
        }

        private static let rates = ["--vary", "optimizer.learningRate=0.1,0.01"]

        /// The lines of the table without the seconds: cells stand two spaces apart at least.
        private func table(_ output: String) throws -> [[String]] {
            let lines = output.split(separator: "\n").map(String.init)
            let first = try #require(lines.firstIndex { $0.hasPrefix("setting  ") }, "\(output)")
            let rows = [lines[first]] + lines[(first + 2)...].prefix { $0.contains("  ") }
            let cells = rows.map { row in
                row.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            }
            let seconds = try #require(cells[0].firstIndex(of: "seconds"))
            return cells.map { row in row.enumerated().filter { $0.offset != seconds }.map(\.element) }
        }

        @Test func `the table is that of the runs' logs`() throws {
            let outcome = try program.run(arguments("sweep", "--seeds", "3") + Sweeps.rates + ["--at-once", "1"])
            try #require(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            let compared = try program.run(["compare", directory.file("sweep"), "--out", directory.file("page")])
            #expect(compared.exitCode == 0 && outcome.output.contains("\(compared.output.split(separator: "\n")[2])"))
            var expected = [
                ["setting", "runs", "steps", "trainLoss", "valLoss", "valAccuracy", "digest"]
            ]
            for rate in ["0.1", "0.01"] {
                var last: [String: [Double]] = [:]
                for seed in 1...3 {
                    let lines = try jsonLines(directory.file("sweep/learningRate=\(rate),seed=\(seed)/metrics.jsonl"))
                    for name in ["step", "trainLoss", "valLoss", "valAccuracy"] {
                        let values = lines.compactMap { $0[name] as? Double }
                        last[name, default: []].append(try #require(values.last))
                    }
                }
                func cell(_ name: String) -> String {
                    let values = last[name] ?? []
                    let mean = values.reduce(0, +) / 3
                    let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
                    return String(format: "%.6g ± %.2g", mean, (squares / 2).squareRoot())
                }
                #expect(last["step"] == [12, 12, 12])
                let figures = ["trainLoss", "valLoss", "valAccuracy"].map(cell)
                expected.append(["learningRate=\(rate)", "3", "12"] + figures + ["3 digests"])
            }
            #expect(try table(outcome.output) == expected)
            #expect(try table(compared.output) == expected)
            for file in ["sweep/compare.html", "sweep/compare.png", "page/compare.html", "page/compare.png"] {
                #expect(FileManager.default.fileExists(atPath: directory.file(file)), "\(file)")
            }
            // Finished runs are taken as they are.
            let again = try program.run(arguments("sweep", "--seeds", "3") + Sweeps.rates)
            #expect(again.exitCode == 0 && again.output.contains("6 finished before"), "\(again.account)")
            #expect(!again.output.contains("begins"), "\(again.account)")
            #expect(try table(again.output) == expected)
        }

        @Test func `ranks and threads change no bit`() throws {
            let outcome = try program.run(arguments("sweep", "--np", "1,2", "--threads", "1,2"))
            try #require(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.output.contains("4 runs of one configuration and seed: one digest"), "\(outcome.account)")
            let rows = try table(outcome.output).dropFirst()
            #expect(rows.count == 4 && Set(rows.map { $0.last }).count == 1 && rows[1].last?.count == 12, "\(rows)")
        }

        @Test func `a sweep that is killed and started again ends with the same table`() throws {
            let options = ["--seeds", "2"] + Sweeps.rates
            let whole = try program.run(arguments("whole", steps: 1500) + options)
            try #require(whole.exitCode == 0, "\(whole.account)")
            let job = try program.start(arguments("killed", steps: 1500) + options)
            // Within the second run, behind a checkpoint.
            let checkpoints = directory.file("killed/learningRate=0.1,seed=2/checkpoints")
            let hasSaved = job.wait { _ in
                let names = try? FileManager.default.contentsOfDirectory(atPath: checkpoints)
                return names?.contains { $0.hasPrefix("step-") } ?? false
            }
            try #require(hasSaved)
            job.signal(SIGKILL)
            let killed = job.wait()
            #expect(killed.exitCode == 128 + SIGKILL && killed.leftovers.isEmpty, "\(killed.account)")
            let again = try program.run(arguments("killed", steps: 1500) + options)
            #expect(again.exitCode == 0 && again.output.contains("1 finished before"), "\(again.account)")
            #expect(try table(again.output) == table(whole.output))
            let log = try String(contentsOfFile: directory.file("killed/learningRate=0.1,seed=2.log"), encoding: .utf8)
            #expect(log.contains("resumed from step"), "\(log)")
        }

        @Test(arguments: [SIGINT, SIGTERM])
        func `a signal stops the runs with their checkpoints`(signal: Int32) throws {
            let options = ["--seeds", "2", "--at-once", "2"]
            try #require(ProcessInfo.processInfo.activeProcessorCount > 1)
            let job = try program.start(arguments("sweep", steps: 900_000) + options)
            let isTraining = job.wait { _ in
                (1...2).allSatisfy { seed in
                    (try? jsonLines(directory.file("sweep/seed=\(seed)/metrics.jsonl")))?.isEmpty == false
                }
            }
            try #require(isTraining)
            job.signal(signal)
            let stopped = job.wait(timeoutSeconds: 30)
            #expect(stopped.exitCode == 75 && stopped.leftovers.isEmpty && !stopped.timedOut, "\(stopped.account)")
            for seed in 1...2 {
                let stops = try jsonLines(directory.file("sweep/seed=\(seed)/decisions.jsonl"))
                #expect(stops.contains { $0["kind"] as? String == "stopSignal" }, "\(stops)")
                #expect(stopped.output.contains("seed=\(seed): stopped"), "\(stopped.account)")
            }
        }

        @Test func `what fails is named and the others go on`() throws {
            // The first diverges, the second is killed, the third comes to its end.
            let job = try program.start(
                arguments("sweep", steps: 1500, "--vary", "optimizer.learningRate=1e30,0.1,0.01"))
            let log = directory.file("sweep/learningRate=0.1/metrics.jsonl")
            #expect(job.wait { _ in FileManager.default.fileExists(atPath: log) })
            let child = try #require(
                job.processes.keys.first { $0 != job.process && job.commandLine($0).contains("learningRate=0.1 ") })
            kill(child, SIGKILL)
            let outcome = job.wait()
            #expect(outcome.exitCode == 70 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.output.contains("learningRate=1e30: FAILED with exit code 70: "), "\(outcome.account)")
            #expect(outcome.output.contains("learningRate=0.1: FAILED with exit code 137: "), "\(outcome.account)")
            #expect(outcome.output.contains("learningRate=0.1: failed: the run was ended by SIGKILL"))
            #expect(outcome.output.contains("learningRate=0.01: finished"), "\(outcome.account)")
            let rows = try table(outcome.output)
            #expect(rows.map { $0[1] } == ["runs", "0 of 1", "0 of 1", "1"], "\(rows)")
            // What was killed goes on; what diverges does so again.
            let again = try program.run(
                arguments("sweep", steps: 1500, "--vary", "optimizer.learningRate=1e30,0.1,0.01"))
            #expect(again.exitCode == 70 && again.output.contains("learningRate=0.1: finished"), "\(again.account)")
            #expect(try table(again.output).map { $0[1] } == ["runs", "0 of 1", "1", "1"])
        }

        @Test func `what is wrong is said before anything starts`() throws {
            func refusal(_ options: [String], _ words: String...) throws {
                let outcome = try program.run(arguments() + options)
                #expect(outcome.exitCode == 64 && outcome.output.isEmpty, "\(outcome.account)")
                for word in words { #expect(outcome.errors.contains(word), "\(outcome.account)") }
                #expect(!FileManager.default.fileExists(atPath: directory.file("sweep")))
            }
            try refusal(
                ["--vary", "optimizer.learningRat=0.1,0.2"], "--vary optimizer.learningRat=0.1: ",
                "did you mean 'learningRate'?")
            try refusal(
                ["--vary", "optimizer.learningRate=0.1,zero"], "--vary optimizer.learningRate=zero", "a number")
            try refusal(["--vary", "optimizer.learningRate=0.1,1e-1"], "are the same configuration")
            try refusal(["--seeds", "0"], "--seeds 0")
            try refusal([], "nothing varies")
            try refusal(["--seeds", "2", "--task", "3"], "runs 1 to 2")
            try refusal(["--seeds", "2", "--at-once", "9999"], "--at-once 9999", "cores of their own")
        }

        @Test func `a directory belongs to one sweep`() throws {
            let first = try program.start(arguments("sweep", steps: 900_000, "--seeds", "2"))
            #expect(first.wait { $0.output.contains("begins") })
            let second = try program.run(arguments("sweep", steps: 900_000, "--seeds", "2"))
            #expect(second.exitCode == 64 && second.errors.contains("another sweep is at work"), "\(second.account)")
            first.signal(SIGTERM)
            #expect(first.wait().exitCode == 75)
            let other = try program.run(arguments("sweep", steps: 900_000, "--seeds", "3"))
            #expect(
                other.exitCode == 64 && other.errors.contains("it has '--seeds 1,2', and this command")
                    && other.errors.contains("--seeds 1,2,3"), "\(other.account)")
        }

        @Test func `tasks of an array are the sweep in parts`() throws {
            let options = ["--seeds", "2"]
            let list = try program.run(arguments() + options + ["--list"])
            #expect(list.exitCode == 0 && list.output == "1 seed=1\n2 seed=2\n", "\(list.account)")
            let tasks = try [2, 1].map { try program.start(arguments() + options + ["--task", "\($0)"]) }
            for task in tasks {
                let outcome = task.wait()
                #expect(outcome.exitCode == 0, "\(outcome.account)")
            }
            let whole = try program.run(arguments() + options)
            #expect(whole.exitCode == 0 && whole.output.contains("2 finished before"), "\(whole.account)")
        }
    }
}
