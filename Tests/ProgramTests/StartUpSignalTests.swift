import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Signals that come before a run has handlers for them.
    @Suite struct StartUpSignals {
        private static let stopSignals = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2]
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// The program, started by exec from a process that has held the signal back and sent it to itself.
        private func runWithPending(_ number: Int32, _ arguments: [String]) throws -> Program.Outcome {
            let script = """
                import os, signal, sys
                signal.pthread_sigmask(signal.SIG_BLOCK, [\(number)])
                os.kill(os.getpid(), \(number))
                os.execv(sys.argv[1], sys.argv[1:])
                """
            return try RunningProgram(
                ["python3", "-c", script, program.path] + arguments, environment: ProcessInfo.processInfo.environment,
                directory: directory.path
            ).wait()
        }

        @Test(.enabled(if: hasPython, needsPython), arguments: stopSignals)
        func `a signal that waits through the start stops the run once it trains`(number: Int32) throws {
            let outcome = try runWithPending(number, Scenario.endless.arguments(in: directory))
            #expect(outcome.exitCode == 75 && outcome.output.contains("stopped by"), "\(outcome.account)")
            let supervised = try runWithPending(
                number, Scenario.endless.arguments(in: directory, run: "supervised") + ["--np", "2"])
            #expect(supervised.exitCode == 75 && supervised.leftovers.isEmpty, "\(supervised.account)")
        }

        @Test(.enabled(if: hasPython, needsPython), arguments: [SIGTERM, SIGINT])
        func `another command dies of it`(number: Int32) throws {
            let outcome = try runWithPending(number, ["bench", "step", "lenet5", "--steps", "1000000"])
            #expect(outcome.exitCode == 128 + number, "\(outcome.account)")
        }

        @Test func `signals are held back from the beginning, and a signal then does not kill`() throws {
            // To read so many options takes it a second; without them the run's handlers would be there after
            // milliseconds.
            let options = Array(repeating: ["--set", "seed=1"], count: 4000).joined()
            for attempt in 1...5 {
                let job = try program.start(Scenario.endless.arguments(in: directory, run: "run\(attempt)") + options)
                try #require(job.wait { $0.signals("SigCgt").contains(SIGTERM) }, "\(job.errors)")
                let held = job.signals("SigBlk")
                // A thread that starts another one holds all signals back.
                let isHeld = held.contains(SIGTERM) && !held.contains(SIGALRM)
                job.signal(SIGTERM)
                let outcome = job.wait()
                #expect(outcome.exitCode == 75, "\(outcome.account)")
                if isHeld { return }
            }
            Issue.record("the program was never seen to hold SIGTERM back")
        }

        @Test func `what a supervisor starts holds nothing back`() throws {
            let job = try program.start(Scenario.endless.arguments(in: directory) + ["--np", "2"])
            #expect(job.wait { $0.output.contains("step 50/") }, "\(job.errors)")
            for process in job.processes.keys where process != job.process {
                let held = RunningProgram.signals("SigBlk", of: process).intersection(Self.stopSignals)
                #expect(held.isEmpty, "\(job.commandLine(process)) holds signals \(held) back")
            }
            job.signal(SIGTERM)
            #expect(job.wait().exitCode == 75)
        }
    }
}

extension RunningProgram {
    /// The signals in a set of the process's status: `SigBlk`, held back, or `SigCgt`, with a handler.
    fileprivate func signals(_ set: String) -> Set<Int32> { RunningProgram.signals(set, of: process) }

    fileprivate static func signals(_ set: String, of process: pid_t) -> Set<Int32> {
        guard let status = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return [] }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(set + ":") }
        guard let digits = line?.split(separator: "\t").last, let mask = UInt64(digits, radix: 16) else { return [] }
        return Set((1...64).filter { mask >> UInt64($0 - 1) & 1 == 1 })
    }
}
