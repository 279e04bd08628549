import JobHealth
import Supervision
import Testing

/// What of a job's standard error people get to see.
struct LauncherOutputTests {
    private let border = String(repeating: "-", count: 74) + "\n"

    /// Passes `text` on in pieces of `size` bytes.
    private func shown(_ text: String, pieces size: Int = 7) -> String {
        var output = LauncherOutput()
        let bytes = Array(text.utf8)
        let passed = stride(from: 0, to: bytes.count, by: size).flatMap {
            output.pass(bytes[$0..<min($0 + size, bytes.count)])
        }
        return String(decoding: passed + output.rest(), as: UTF8.self)
    }

    @Test(arguments: [1, 7, 10_000])
    func `what mpirun says about ranks that have ended is left out, and everything else passes`(pieces: Int) {
        let text =
            "rank 1 of 3 on a: no space\n" + border
            + "MPI_ABORT was invoked on rank 1 in communicator X\nwith errorcode 70.\n" + border
            + "a line\n" + border + "Primary job  terminated normally, but 1 process returned\n" + border + border
            + "mpirun noticed that process rank 2 with PID 0 on node a exited on signal 9 (Killed).\n" + border
            + "[a:1] 2 more processes have sent help message help-mpi-api.txt / mpi-abort\nthe end\n"
        #expect(shown(text, pieces: pieces) == "rank 1 of 3 on a: no space\na line\nthe end\n")
    }

    @Test func `a message that is not known passes as it is`() {
        let text =
            "x\n" + border + "There are not enough slots available in the system\nto satisfy the 9 slots\n" + border
            + "y\n"
        #expect(shown(text) == text)
    }

    @Test func `nothing is lost of a message or line without an end`() {
        #expect(shown("a\n" + border + "There are not") == "a\n" + border + "There are not")
        #expect(shown("half a line") == "half a line")
        let long = border + String(repeating: "no border ends this\n", count: 2000)
        #expect(shown(long) == long)
    }

    @Test func `what is meant for the supervisor is left out, wherever it comes`() {
        let line = FailureReport(
            ErrorReport(text: "no space", code: .internal), name: nil, phase: .training, step: 4
        ).line
        #expect(
            shown(line + "\ntrainer: no space\nhalf " + line + "\n" + border + line + "\nx\n")
                == "trainer: no space\nhalf " + border + "x\n")
    }

    @Test func `a launcher that was slower than its daemon does not say so`() {
        for launcher in ["rsh", "ssh"] {
            #expect(shown("[a:1] plm:\(launcher): Warning: setpgid(5,5) failed in parent\nb\n") == "b\n")
        }
    }

    @Test func `what a thousand ranks say in the same words is shown once, with who else said it`() {
        let late = { (rank: Int) in "rank \(rank) of 1000 on node\(rank / 50) (step 4): has waited 30 s for rank 2\n" }
        let other = "rank 7 of 1000 on node0 (step 4): no space\n"
        let text = late(3) + "a line\n" + other + (4..<1000).map(late).joined() + "a line\n"
        let expected = late(3) + "a line\n" + other + "a line\nrank 4, 5, 6 and 993 more: the same as rank 3\n"
        #expect(shown(text) == expected)
        #expect(shown(late(3) + late(3)) == late(3) + late(3), "a rank may say a thing twice")
    }

    @Test func `a whole line passes at once`() {
        var output = LauncherOutput()
        #expect(output.pass(Array("step 1\nste".utf8)) == Array("step 1\n".utf8))
        #expect(output.pass(Array("p 2\n".utf8)) == Array("step 2\n".utf8))
    }
}
