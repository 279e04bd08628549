import Supervision
import Testing

/// The first cause, as the messages of ranks and of mpirun tell it.
struct FailureAccountTests {
    /// Reads `text` in pieces of a few bytes, as a pipe may give it.
    private func account(_ text: String) -> FailureAccount {
        var account = FailureAccount()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 7) { account.read(bytes[start..<min(start + 7, bytes.count)]) }
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

    @Test(arguments: ["trainer: rank 1 of 3 on a: no space", "rank 1 of 3 on a: no space"])
    func `otherwise the first message of a rank is`(line: String) {
        let account = account("mpirun: Forwarding signal 10 to job\n\(line)\nrank 0 of 3 on a: rank 1 ended the job\n")
        #expect(account.cause(.exited(70), of: "mpirun") == "rank 1 of 3 on a: no space")
        #expect(!account.isEnding)
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
        let account = account("ssh: connect to host beta port 22: No route to host\nORTE was unable to reliably start one or more daemons.\n")
        #expect(account.lostHosts == ["beta"] && account.isHostFailure && account.isEnding)
    }

    @Test func `without a message the exit code speaks`() {
        #expect(FailureAccount().cause(.exited(3), of: "mpirun") == "mpirun ended with exit code 3")
        #expect(FailureAccount().cause(.signaled(11), of: "the process") == "the process was ended by SIGSEGV")
    }
}
