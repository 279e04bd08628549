import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `--time-limit` and the options of restarts on the command line.
    @Suite struct TimeLimits {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        @Test(arguments: ["process", "ranks under mpirun", "ranks under a supervisor", "Slurm"])
        func `a run saves before its time is up, and the same command goes on to the same bytes`(start: String) throws {
            // Takes longer than the two seconds after which the limits below ask it to stop.
            var scenario = Scenario.long
            scenario.steps = 8000
            scenario.yaml = scenario.yaml.replacingOccurrences(of: "epochs: 1000", with: "epochs: 3000")
            let undisturbed = try program.run(scenario.arguments(in: directory, run: "undisturbed"))
            try #require(undisturbed.exitCode == 0, "\(undisturbed.account)")
            let arguments = try scenario.arguments(in: directory, threads: 1)
            let stopped =
                switch start {
                case "process": try program.run(arguments + ["--time-limit", "4s"])
                case "ranks under mpirun": try program.run(arguments + ["--time-limit", "4s"], ranks: 3)
                case "ranks under a supervisor":
                    try program.run(arguments + ["--time-limit", "0.07m", "--np", "3", "--restarts", "2"])
                default:
                    try program.run(
                        arguments, environment: ["SLURM_JOB_END_TIME": "\(Int(Date().timeIntervalSince1970) + 4)"])
                }
            #expect(stopped.exitCode == 75 && stopped.leftovers.isEmpty && !stopped.timedOut, "\(stopped.account)")
            #expect(stopped.output.contains("stopped by the time limit after step"), "\(stopped.account)")
            #expect(!stopped.errors.contains("attempt"), "\(stopped.account)")
            let resumed = try program.run(scenario.arguments(in: directory))
            #expect(resumed.exitCode == 0 && resumed.output.contains("resumed from"), "\(resumed.account)")
            #expect(
                try FileContent(directory.file("run/final.safetensors"))
                    == FileContent(directory.file("undisturbed/final.safetensors")))
        }

        @Test func `a run that fits into its time ends as it would without a limit`() throws {
            let outcome = try program.run(
                Scenario.mlp.arguments(in: directory) + ["--time-limit", "1h30m", "--np", "2"])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }

        @Test(arguments: [
            (["--time-limit", "soon"], "--time-limit soon"), (["--time-limit", "0"], "--time-limit 0"),
            (["--time-limit=-5m"], "--time-limit -5m"),
            (["--restarts=-1"], "--restarts -1"), (["--np", "2", "--min-np", "0"], "--min-np 0"),
        ])
        func `what cannot be is refused with its remedy`(options: [String], text: String) throws {
            let outcome = try program.run(Scenario.mlp.arguments(in: directory) + options)
            #expect(outcome.exitCode == 64 && outcome.errors.contains(text), "\(outcome.account)")
        }
    }
}
