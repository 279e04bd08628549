import Collectives
import Foundation
import Testing

@Suite("MPICommunicator under mpirun", .serialized, .timeLimit(.minutes(3)))
struct MPICommunicatorTests {
    private let program: BuiltProgram

    init() throws {
        program = try #require(BuiltProgram(named: "collectives-conformance"), "collectives-conformance was not built")
    }

    @Test("processes keep every promise", arguments: [1, 2, 3, 4])
    func conformance(ranks: Int) throws {
        let outcome = try program.run(ranks: ranks, ["check"])
        #expect(outcome.exitCode == 0, "\(outcome.output)")
    }

    @Test("messages and broadcasts cut into small parts keep every promise")
    func conformanceInParts() throws {
        let outcome = try program.run(ranks: 3, ["checkInParts"])
        #expect(outcome.exitCode == 0, "\(outcome.output)")
    }

    @Test(
        "abort on one rank ends the job within 10 s with its exit code, whatever the others wait in",
        arguments: ["abort", "abortInWindow"])
    func abort(mode: String) throws {
        let outcome = try program.run(ranks: 3, [mode], timeoutSeconds: 10)
        #expect(!outcome.timedOut)
        #expect(outcome.exitCode == 65, "\(outcome.output)")
        #expect(outcome.output.contains("rank 2 of 3 on "))
        #expect(outcome.output.contains(": ended on purpose"))
    }

    @Test("a message of another size than expected ends the job and names both ranks and sizes")
    func mismatchedMessage() throws {
        let outcome = try program.run(ranks: 2, ["mismatch"], timeoutSeconds: 10)
        #expect(outcome.exitCode == 70, "\(outcome.output)")
        let cause =
            "rank 1 called exchange with a message of 8 bytes from rank 0 while rank 0 called exchange with one of 5 "
            + "bytes"
        #expect(outcome.output.contains(cause), "\(outcome.output)")
    }

    @Test("a message longer than its buffer ends the job with the name of the MPI call and MPI's text")
    func truncatedMessage() throws {
        let outcome = try program.run(ranks: 2, ["truncate"], timeoutSeconds: 10)
        #expect(outcome.exitCode == 70, "\(outcome.output)")
        #expect(outcome.output.contains("MPI_Testall failed on rank 1: MPI_ERR_TRUNCATE"), "\(outcome.output)")
    }

    @Test("a rank that leaves ends the job within 10 s with its exit code")
    func vanishedRank() throws {
        let outcome = try program.run(ranks: 2, ["leave"], timeoutSeconds: 10)
        #expect(outcome.exitCode == 3, "\(outcome.output)")
    }

    @Test(
        "ranks that wait hear of each other, of one that works, and nothing of one that stands still",
        arguments: ["rollCall", "rollCallInWindow"])
    func rollCall(mode: String) throws {
        let outcome = try program.run(ranks: 3, [mode], timeoutSeconds: 20)
        #expect(outcome.exitCode == 0, "\(outcome.output)")
        for rank in 0...1 {
            #expect(outcome.output.contains("rank \(rank) misses rank 2"), "\(outcome.output)")
            #expect(outcome.output.contains("rank \(rank) hears that it works: rank 2"), "\(outcome.output)")
        }
    }

    @Test("MPI can be started once")
    func startsOnce() throws {
        let outcome = try program.run(ranks: 1, ["initializeTwice"])
        #expect(outcome.exitCode == 70)
        #expect(outcome.output.contains("\(CollectivesError.alreadyInitialized)"), "\(outcome.output)")
    }

    @Test("a launcher that announces more ranks than MPI has is refused with the fix")
    func launchMismatch() throws {
        let outcome = try program.run(["check"], adding: ["PMI_RANK": "0", "PMI_SIZE": "4"])
        #expect(outcome.exitCode == 70)
        #expect(outcome.output.contains("announced rank 0 of 4, but MPI reports rank 0 of 1"), "\(outcome.output)")
        #expect(outcome.output.contains("srun --mpi=pmix"))
    }
}
