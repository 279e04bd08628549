import Foundation
import JobHealth
import TestSupport
import Testing

extension ProgramTests {
    /// `--restarts`: a job that fails is started again and ends with the bytes of one that never failed.
    @Suite struct Restarts: RestartChecks {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func kinds() throws -> [String] {
            try jsonLines(directory.file("run/decisions.jsonl")).compactMap { $0["kind"] as? String }
        }

        @Test(arguments: ["rank", "all ranks", "mpirun"])
        func `after the death of a part of it a job goes on to the same final bytes`(target: String) throws {
            let expected = try undisturbed(.restarted)
            let job = try start(.restarted, ["--np", "3", "--restarts", "2"])
            switch target {
            case "rank": job.signal(SIGKILL, rank: 2)
            case "all ranks": for rank in 0..<3 { job.signal(SIGKILL, rank: rank) }
            default: for launcher in job.launchers { kill(launcher, SIGKILL) }
            }
            let outcome = job.wait()
            #expect(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.errors.contains("was ended by SIGKILL"), "\(outcome.account)")
            #expect(outcome.errors.contains("trainer: attempt 2 of 3 with 3 ranks from step "), "\(outcome.account)")
            #expect(try final() == expected)
            #expect(try kinds().contains("restart"))
        }

        @Test func `so does a process without ranks`() throws {
            let expected = try undisturbed(.restarted)
            let job = try start(.restarted, ["--restarts", "1"])
            for process in job.processes(running: "trainer") where process != job.process { kill(process, SIGKILL) }
            let outcome = job.wait()
            #expect(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.errors.contains("trainer: attempt 1 of 2 failed after"), "\(outcome.account)")
            #expect(outcome.errors.contains("the process was ended by SIGKILL"), "\(outcome.account)")
            #expect(try final() == expected)
        }

        @Test func `a rank that stands still is replaced once the deadline has passed`() throws {
            let expected = try undisturbed(.restarted)
            let job = try start(.restarted, ["--np", "3", "--restarts", "1", "--deadline", "2"])
            job.signal(SIGSTOP, rank: 1)
            let outcome = job.wait()
            #expect(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.errors.contains(", which is stopped;"), "\(outcome.account)")
            #expect(try final() == expected)
        }

        @Test func `when the attempts are used up the exit code is that of the first cause`() throws {
            let job = try start(.endless, ["--np", "2", "--restarts", "1"])
            job.signal(SIGKILL, rank: 0)
            #expect(job.wait { $0.errors.contains("attempt 2 of 2 with 2 ranks") }, "\(job.errors)")
            #expect(job.wait { $0.output.components(separatedBy: "epochs of").count > 2 }, "\(job.errors)")
            job.signal(SIGKILL, rank: 1)
            let outcome = job.wait()
            #expect(outcome.exitCode == 128 + SIGKILL && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(
                outcome.errors.contains("attempt 2 of 2 failed") && outcome.errors.contains("that was the last one"),
                "\(outcome.account)")
        }

        @Test(arguments: [nil, 2] as [Int?])
        func `what happens is decided by codes, whatever the sentences say`(ranks: Int?) throws {
            let garbled = ["TRAINER_TEST_GARBLE": "1"]
            let options = ["--restarts", "1"] + (ranks.map { ["--np", "\($0)"] } ?? [])
            let diverging = try program.run(
                Scenario.mlp.arguments(in: directory) + options + [
                    "--set", "optimizer.learningRate=1e30", "--set", "clipNorm=null",
                ], environment: garbled)
            #expect(diverging.exitCode == 70 && !diverging.errors.contains("finite"), "\(diverging.account)")
            #expect(diverging.errors.contains("not started again"), "\(diverging.account)")
            #expect(!diverging.errors.contains("attempt 2"), "\(diverging.account)")
            for fault in ["throw", "segv"] {
                let failing = try program.run(
                    Scenario.mlp.arguments(in: directory, run: fault) + options,
                    environment: garbled.merging(["TRAINER_TEST_FAULT": "\(fault):training:0:3"]) { $1 })
                #expect(!failing.errors.contains("@trainer") && !failing.errors.contains(fault), "\(failing.account)")
                #expect(failing.errors.contains("attempt 2 of 2 failed"), "\(failing.account)")
                // Rank, host, phase and step come from the coded line.
                let place = ranks == nil ? "(training after step 3): x" : "rank 0 of 2 on "
                #expect(failing.errors.contains(place), "\(failing.account)")
                #expect(failing.errors.contains("(training after step 3): x"), "\(failing.account)")
            }
            let data = try program.run(
                Scenario.mlp.arguments(in: directory, run: "data") + options + [
                    "--set", "data.name=mnist", "--set", "data.path=\(directory.file("nowhere"))",
                ], environment: garbled)
            #expect(data.exitCode == 65 && !data.errors.contains("attempt 2"), "\(data.account)")
        }

        @Test(arguments: [nil, 2])
        func `what would happen again is not started again`(ranks: Int?) throws {
            let options = ["--restarts", "5"] + (ranks.map { ["--np", "\($0)"] } ?? [])
            let diverging = try program.run(
                Scenario.mlp.arguments(in: directory) + options + [
                    "--set", "optimizer.learningRate=1e30", "--set", "clipNorm=null",
                ])
            #expect(
                diverging.exitCode == 70 && diverging.errors.contains("not a finite number"), "\(diverging.account)")
            #expect(
                !diverging.errors.contains("attempt 2") && diverging.errors.contains("not started again"),
                "\(diverging.account)")
            let configuration = try program.run(Scenario.mlp.arguments(in: directory) + options + ["--set", "batch=0"])
            #expect(
                configuration.exitCode == 64 && !configuration.errors.contains("attempt"), "\(configuration.account)")
            let crowded = try program.run(
                Scenario.mlp.arguments(in: directory, run: "crowded") + ["--np", "9", "--restarts", "5"])
            #expect(crowded.exitCode == 64 && !crowded.errors.contains("attempt 2"), "\(crowded.account)")
            let data = try program.run(
                Scenario.mlp.arguments(in: directory, run: "data") + options + [
                    "--set", "data.name=mnist", "--set", "data.path=\(directory.file("nowhere"))",
                ])
            #expect(data.exitCode == 65 && !data.errors.contains("attempt 2"), "\(data.account)")
        }

        @Test func `a launcher that stays when a rank has said why it ends is ended`() throws {
            let report = FailureReport(
                ErrorReport(text: "no space", code: .internal), name: RankName(rank: 1, worldSize: 2, host: "beta"),
                phase: .training, step: 3)
            let launcher = try directory.write(
                Array(
                    """
                    #!/bin/sh
                    echo '\(report.line)' >&2
                    exec sleep 60

                    """.utf8),
                to: "mpirun")
            chmod(launcher, 0o755)
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let outcome = try program.start(
                Scenario.mlp.arguments(in: directory) + ["--np", "2", "--restarts", "1"],
                environment: ["PATH": directory.path + ":" + path]
            ).wait(timeoutSeconds: 30)
            #expect(outcome.exitCode == 70 && outcome.leftovers.isEmpty && !outcome.timedOut, "\(outcome.account)")
            #expect(
                outcome.errors.contains(/attempt 1 of 2 failed after \d+ s: rank 1 of 2 on beta/), "\(outcome.account)")
            #expect(outcome.errors.contains("attempt 2 of 2 failed"), "\(outcome.account)")
        }

        @Test(.enabled(if: hasPython, needsPython))
        func `random kills lose nothing`() throws {
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "../scripts/random-kills"
            ).path
            let outcome = try RunningProgram(
                [script, "6", "3"],
                environment: ProcessInfo.processInfo.environment.merging(["TRAINER": program.path]) { $1 },
                directory: nil
            ).wait(timeoutSeconds: 300)
            #expect(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.lastLine == "final file: identical")
        }
    }
}
