import JobHealth
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

    /// The line of a rank that has failed.
    private func line(
        _ text: String, rank: Int?, host: String = "a", _ phase: Phase = .training, step: Int = 4,
        kind: ErrorReport.Kind = .internal, isAgreed: Bool = false, suspects: [String] = []
    ) -> String {
        let error = ErrorReport(text: text, code: .internal, kind: kind, suspectHosts: suspects)
        let name = rank.map { RankName(rank: $0, worldSize: 3, host: host) }
        return FailureReport(error, name: name, phase: phase, step: step, isAgreed: isAgreed).line + "\n"
    }

    @Test func `a rank that a signal has ended is the first cause, whatever the others say of it`() {
        let account = account(
            line("MPI_Allreduce failed on rank 0: peer lost. Check that all ranks run.", rank: 0)
                + "mpirun noticed that process rank 2 with PID 0 on node beta exited on signal 9 (Killed).\n")
        #expect(account.cause(.exited(137), of: "mpirun") == "rank 2 on beta was ended by SIGKILL")
        #expect(account.isEnding && !account.isHostFailure)
    }

    @Test func `Open MPI 5 says the same in two lines`() {
        let account = account(
            "prterun noticed that process rank 2 with PID 9 on node b exited on\nsignal 9 (Killed).\n")
        #expect(account.cause(.exited(137), of: "mpirun") == "rank 2 on b was ended by SIGKILL")
        #expect(account.isEnding && account.exitCode == 137)
    }

    @Test func `what a rank's own record shows counts where the launcher says nothing`() {
        var silent = account("a line\n")
        silent.setKilled(rank: 1, host: "here", signal: 9)
        #expect(silent.cause(.exited(137), of: "mpirun") == "rank 1 on here was ended by SIGKILL")
        var told = account("mpirun noticed that process rank 2 with PID 0 on node b exited on signal 11 (x).\n")
        told.setKilled(rank: 1, host: "here", signal: 9)
        #expect(told.cause(.exited(139), of: "mpirun") == "rank 2 on b was ended by SIGSEGV")
    }

    @Test func `a launcher that has started no rank is a failure of the host, told in our words`() {
        var account = account("[vm:1] some of its own words\n")
        account.setLaunchProblem("mpirun has started no rank")
        #expect(account.cause(.exited(1), of: "mpirun") == "mpirun has started no rank")
        #expect(account.isHostFailure)
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
        let agreed = account(line("no such file", rank: 1, .startUp, isAgreed: true))
        #expect(agreed.isTold && agreed.isAgreed)
        let alone = account(line("no space", rank: 1))
        #expect(alone.isTold && !alone.isAgreed)
        let killed = account(
            line("MPI failed", rank: 0)
                + "mpirun noticed that process rank 2 with PID 0 on node b exited on signal 9 (Killed).\n")
        #expect(!killed.isTold && killed.killedRank == 2)
        let single = account(line("cannot read x", rank: nil))
        #expect(single.isTold && single.hadStarted)
    }

    @Test func `a rank that could say itself what ended it has the first word`() {
        let account = account(
            line("crashed with SIGSEGV", rank: 2, host: "beta", .validation, step: 50, kind: .crash)
                + "mpirun noticed that process rank 2 with PID 0 on node beta exited on signal 11 (Segmentation "
                + "fault).\n")
        #expect(
            account.cause(.exited(139), of: "mpirun")
                == "rank 2 of 3 on beta (validation after step 50): crashed with SIGSEGV")
        #expect(account.killedRank == nil && account.hadStarted)
    }

    @Test func `otherwise the first line of a rank is, and what people read decides nothing`() {
        let account = account(
            "rank 2 of 3 on c (start-up): said to people\nmpirun: Forwarding signal 10 to job\n"
                + line("no space", rank: 1) + line("rank 1 ended the job", rank: 0))
        #expect(account.cause(.exited(70), of: "mpirun") == "rank 1 of 3 on a (training after step 4): no space")
        #expect(!account.isEnding)
    }

    @Test(
        arguments: [
            (1, .startUp, true, false), (1, .launch, true, false), (1, .saving, true, true), (1, .training, true, true),
            (nil, .startUp, false, false), (nil, .training, false, true),
        ] as [(Int?, Phase, Bool, Bool)])
    func `it knows whether a rank has ended, and whether that was before it trained`(
        rank: Int?, phase: Phase, hasEnded: Bool, hadStarted: Bool
    ) {
        let account = account("half a line" + line("no space", rank: rank, phase))
        #expect(account.hasRankEnded == hasEnded && account.hadStarted == hadStarted && !account.isEnding)
    }

    @Test func `lines that people read are no rank's end`() {
        let account = account(
            "rank 1 of 3 on a (training after step 4): no space\ntrainer: no space\n@trainer-failure {\n")
        #expect(!account.hasRankEnded && !account.isTold && !account.hadStarted)
    }

    @Test func `the hosts that a majority agrees against are in doubt, as the first rank says`() {
        let account = account(
            line("step 8: differs", rank: 1, kind: .hardware, suspects: ["b", "c"])
                + line("step 8: differs", rank: 0, kind: .hardware, suspects: ["a"]))
        #expect(account.suspectHosts == ["b", "c"])
    }

    @Test func `what happens again is permanent, unless a signal has ended another rank or a host is gone`() {
        let nonFinite = line("no number", rank: 1, kind: .nonFinite)
        #expect(account(nonFinite).isPermanent)
        #expect(!account(line("no space", rank: 1, kind: .storage)).isPermanent)
        #expect(
            !account(nonFinite + "mpirun noticed that process rank 2 with PID 0 on node b exited on signal 9 (K).\n")
                .isPermanent)
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
