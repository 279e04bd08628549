import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Signals to the process that restarts a job: the job stops in order, or at once, and nothing keeps running.
    @Suite struct SupervisorSignals: RestartChecks {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        @Test(arguments: [SIGTERM, SIGINT, SIGUSR1, SIGUSR2])
        func `a signal to the supervisor stops the job in order`(signal: Int32) throws {
            let job = try start(.endless, ["--np", "2", "--restarts", "3"])
            job.signal(signal)
            let outcome = job.wait()
            #expect(outcome.exitCode == 75 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(
                outcome.output.contains("stopped by") && !outcome.errors.contains("attempt 2"), "\(outcome.account)")
        }

        @Test func `a signal before the ranks listen stops the job too`() throws {
            for delay in [0, 20_000, 100_000, 300_000] as [UInt32] {
                let job = try program.start(
                    Scenario.endless.arguments(in: directory) + ["--np", "2", "--restarts", "3"])
                #expect(job.wait { !$0.launchers.isEmpty })
                usleep(delay)
                job.signal(SIGTERM)
                let outcome = job.wait(timeoutSeconds: 20)
                #expect(outcome.exitCode == 75 && outcome.leftovers.isEmpty && !outcome.timedOut, "\(outcome.account)")
            }
        }

        @Test func `a later second signal ends everything at once`() throws {
            let job = try start(.endless, ["--np", "2"])
            // A rank that cannot follow the first signal.
            job.signal(SIGSTOP, rank: 1)
            job.signal(SIGTERM)
            usleep(1_300_000)
            job.signal(SIGTERM)
            let outcome = job.wait(timeoutSeconds: 5)
            #expect(
                outcome.exitCode == 128 + SIGTERM && outcome.leftovers.isEmpty && !outcome.timedOut,
                "\(outcome.account)")
        }

        @Test func `a warning signal that is repeated does not end anything at once`() throws {
            let job = try start(.endless, ["--np", "2"])
            // The supervisor and rank 0 cannot follow the first signal yet.
            job.signal(SIGSTOP, rank: 1)
            job.signal(SIGTERM)
            usleep(1_300_000)
            for number in [SIGUSR1, SIGUSR2] {
                job.signal(number)
                job.signal(number, rank: 0)
            }
            usleep(300_000)
            job.signal(SIGCONT, rank: 1)
            let outcome = job.wait(timeoutSeconds: 20)
            #expect(outcome.exitCode == 75 && outcome.leftovers.isEmpty && !outcome.timedOut, "\(outcome.account)")
        }

        @Test(arguments: [nil, 3])
        func `a supervisor that is killed leaves nothing running`(ranks: Int?) throws {
            let job = try start(.endless, ["--restarts", "3"] + (ranks.map { ["--np", "\($0)"] } ?? []))
            job.signal(SIGKILL)
            let outcome = job.wait()
            #expect(outcome.exitCode == 128 + SIGKILL)
            // mpirun gives its ranks two seconds.
            #expect(
                job.wait(until: { $0.processes.isEmpty }, timeoutSeconds: 5) || outcome.leftovers.isEmpty,
                "\(outcome.account)")
        }
    }
}
