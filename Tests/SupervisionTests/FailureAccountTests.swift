import Supervision
import Testing

/// The first cause, as the messages of ranks and of mpirun tell it.
struct FailureAccountTests {
    /// Reads `text` in pieces of a few bytes, as a pipe may give it.
    private func account(_ text: String) -> FailureAccount {
        var account = FailureAccount()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 7) {
            account.read(bytes[start..<min(start + 7, bytes.count)])
        }
        return account
    }

    @Test func `a rank that a signal has ended is the first cause, whatever the others say of it`() {
        let account = account(
            """
            rank 0 of 3 on alpha: MPI_Allreduce failed on rank 0: peer lost. Check that all ranks run.
            mpirun noticed that process rank 2 with PID 0 on node beta exited on signal 9 (Killed).

            """)
        #expect(account.cause(.exited(137), of: "mpirun") == "rank 2 on beta was ended by SIGKILL")
        #expect(account.isEnding && !account.isHostFailure)
    }

    @Test func `a rank that has ended without a word is named with its exit code`() {
        let account = account(
            """
            mpirun detected that one or more processes exited with non-zero status, thus causing
            the job to be terminated. The first process to do so was:

              Process name: [[12989,1],2]
              Exit code:    143

            """)
        #expect(account.cause(.exited(143), of: "mpirun") == "rank 2 ended with exit code 143")
        #expect(account.exitCode == 143 && !account.isTold && account.killedRank == nil)
    }

    @Test func `what the messages tell of the exit code counts where the launcher cannot give it`() {
        #expect(
            account("mpirun noticed that process rank 2 with PID 0 on node b exited on signal 9 (Killed).\n").exitCode
                == 137)
        #expect(account("MPI_ABORT was invoked on rank 1 in communicator X\nwith errorcode 71.\n").exitCode == 71)
        #expect(account("a line\n").exitCode == nil)
    }

    @Test func `a cause is told when a rank has told it, and agreed when all leave in order`() {
        let agreed = account("trainer: rank 1 of 3 on a (start-up): no such file\n")
        #expect(agreed.isTold && agreed.isAgreed)
        let alone = account("rank 1 of 3 on a (training after step 4): no space\n")
        #expect(alone.isTold && !alone.isAgreed)
        let killed = account(
            "rank 0 of 3 on a (training after step 4): MPI failed\nmpirun noticed that process rank 2 with PID 0 on "
                + "node b exited on signal 9 (Killed).\n"
        )
        #expect(!killed.isTold && killed.killedRank == 2)
        let single = account("trainer: (training after step 4): cannot read x\n")
        #expect(single.isTold && single.hadStarted)
    }

    @Test func `a rank that could say itself what ended it has the first word`() {
        let account = account(
            """
            rank 2 of 3 on beta (validation after step 50): crashed with SIGSEGV
            mpirun noticed that process rank 2 with PID 0 on node beta exited on signal 11 (Segmentation fault).

            """)
        #expect(
            account.cause(.exited(139), of: "mpirun")
                == "rank 2 of 3 on beta (validation after step 50): crashed with SIGSEGV")
        #expect(account.killedRank == nil && account.hadStarted)
    }

    @Test(arguments: ["trainer: rank 1 of 3 on a: no space", "rank 1 of 3 on a: no space"])
    func `otherwise the first message of a rank is`(line: String) {
        let account = account("mpirun: Forwarding signal 10 to job\n\(line)\nrank 0 of 3 on a: rank 1 ended the job\n")
        #expect(account.cause(.exited(70), of: "mpirun") == "rank 1 of 3 on a: no space")
        #expect(!account.isEnding)
    }

    @Test(arguments: [
        ("rank 1 of 3 on a: no space", true, false), ("rank 1 of 3 on a.b.c (start-up): no space", true, false),
        ("rank 1 of 3 on a (the launch): no space", true, false),
        ("trainer: rank 1 of 3 on a (saving a checkpoint after step 40): no space", true, true),
        ("rank 1 of 3 on a (training after step 4): no space", true, true), ("trainer: no space", false, false),
        ("mpirun: Forwarding signal 10 to job", false, false),
    ])
    func `it knows whether a rank has ended, and whether that was before it trained`(
        line: String, hasEnded: Bool, hadStarted: Bool
    ) {
        let account = account(line + "\n")
        #expect(account.hasRankEnded == hasEnded && account.hadStarted == hadStarted && !account.isEnding)
    }

    private static let advice =
        "weight of fc1.weight: memory or a processor has failed; test the memory of a (of rank 0)"

    @Test(arguments: [
        ("rank 1 of 3 on b: step 8: rank 1 (b) differs from the other ranks in the \(advice)", ["b"]),
        (
            "trainer: rank 1 of 5 on b (the comparison of replicas after step 8): step 8: rank 1 (b), rank 3 (c) "
                + "differ from the other ranks in the \(advice)",
            ["b", "c"]
        ),
        (
            "rank 2 of 5 on b.x: step 8: rank 2 (b.x), rank 3 (b.x) differ from the other ranks in the \(advice)",
            ["b.x"]
        ),
        (
            "rank 0 of 2 on a: step 8: rank 0 (a), rank 1 (b) do not have the same \(advice), and no majority says "
                + "which is wrong",
            []
        ),
        ("rank 0 of 2 on a: rank 1 (b) differs from the other ranks in the \(advice)", []),
        ("rank 1 (b) differs from the other ranks in the \(advice)", []),
    ])
    func `the hosts that a majority agrees against are in doubt`(line: String, hosts: [String]) {
        let account = account(
            "mpirun: something\n\(line)\nrank 0 of 3 on a: step 8: rank 0 (a) differs from the other ranks in the "
                + "\(Self.advice)\n"
        )
        #expect(account.suspectHosts == (line.hasPrefix("rank 1 (") ? ["a"] : hosts), "the first rank's message counts")
    }

    @Test func `a host whose daemon is lost is named`() {
        let account = account(
            """
            ORTE has lost communication with a remote daemon.

              HNP daemon   : [[2543,0],0] on node vm
              Remote daemon: [[2543,0],1] on node alpha

            """)
        #expect(account.lostHosts == ["alpha"] && account.isHostFailure && account.isEnding)
        #expect(account.cause(.exited(205), of: "mpirun") == "host alpha is lost")
    }

    @Test func `so is one that ssh cannot reach`() {
        let account = account(
            "ssh: connect to host beta port 22: No route to host\nORTE was unable to reliably start one or more "
                + "daemons.\n"
        )
        #expect(account.lostHosts == ["beta"] && account.isHostFailure && account.isEnding)
    }

    @Test func `without a message the exit code speaks`() {
        #expect(FailureAccount().cause(.exited(3), of: "mpirun") == "mpirun ended with exit code 3")
        #expect(FailureAccount().cause(.signaled(11), of: "the process") == "the process was ended by SIGSEGV")
    }
}
