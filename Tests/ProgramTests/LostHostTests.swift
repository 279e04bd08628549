import Foundation
import TestSupport
import Testing

private enum OpenMPI {
    static let isFour = system("mpirun --version 2>/dev/null | grep -q ' 4\\.'") == 0
}

extension ProgramTests {
    /// `--restarts` on several hosts: one that is lost, silent or wrong is left out; one that refuses once is used.
    ///
    /// The hosts are names of this machine, which Open MPI 4 allows. Ranks of Open MPI 5 wait for each other for ever
    /// in MPI_Init then; with it the hosts of `Tests/cluster/lost-host` take their place.
    @Suite(.enabled(if: OpenMPI.isFour, "Open MPI 5 does not take several hosts for one machine"))
    struct LostHosts: RestartChecks {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// What `mpirun` takes for ssh: it reaches hosts of this name, all of which are this machine.
        ///
        /// Each has temporary files of its own, because daemons on one machine get in each other's way when they begin.
        ///
        /// - Parameters:
        ///   - start: what starts a command with a host's name as its own.
        ///   - refusing: a host that refuses the first time.
        private func agent(reaching name: String, start: String? = nil, refusingOnce refusing: String = "") throws
            -> String
        {
            let script = """
                #!/bin/sh
                case $1 in \(name)) ;; *) exit 255 ;; esac
                if [ "$1" = '\(refusing)' ] && mkdir '\(directory.file("refused"))' 2>/dev/null; then exit 255; fi
                export TMPDIR='\(directory.path)'/$1
                mkdir -p "$TMPDIR"
                name=$1
                shift
                exec \(start.map { "\($0) \"$name\"" } ?? "") sh -c "$*"

                """
            let agent = try directory.write(Array(script.utf8), to: "agent")
            chmod(agent, 0o755)
            return agent
        }

        @Test func `a lost host is left out, and with fewer slots than --min-np it ends with advice`() throws {
            let expected = try undisturbed(.restarted)
            let agent = try agent(reaching: "*")
            try directory.write(Array("alpha slots=2\nbeta slots=1\n".utf8), to: "hosts")
            for (minimum, code) in [(2, 0), (3, 70)] as [(Int, Int32)] {
                try? FileManager.default.removeItem(atPath: directory.file("run"))  // absent at first
                let job = try start(
                    .restarted, ["--hostfile", directory.file("hosts"), "--restarts", "2", "--min-np", "\(minimum)"],
                    environment: ["OMPI_MCA_plm_rsh_agent": agent])
                let daemon = try #require(
                    job.daemons.first { job.commandLine($0).contains("ess_base_vpid 2") })
                kill(daemon, SIGKILL)
                let outcome = job.wait()
                #expect(outcome.exitCode == code && outcome.leftovers.isEmpty, "\(outcome.account)")
                #expect(outcome.errors.contains("host beta is lost"), "\(outcome.account)")
                if code == 0 {
                    #expect(outcome.errors.contains("attempt 2 of 3 with 2 ranks from step"), "\(outcome.account)")
                    #expect(try final() == expected)
                } else {
                    #expect(
                        outcome.errors.contains("2 slots left for at least 3 ranks without beta"), "\(outcome.account)")
                }
            }
        }

        @Test func `a host that does not answer is left out from the start`() throws {
            let agent = try agent(reaching: "alpha")
            let arguments = try Scenario.mlp.arguments(in: directory) + ["--host", "alpha:1,beta:2", "--restarts", "1"]
            let environment = ["OMPI_MCA_plm_rsh_agent": agent]
            let smaller = try program.run(arguments + ["--min-np", "1"], environment: environment)
            #expect(
                smaller.exitCode == 0 && smaller.errors.contains("without beta: cannot be reached"),
                "\(smaller.account)")
            let refused = try program.run(arguments, environment: environment)
            #expect(
                refused.exitCode == 70 && refused.errors.contains("1 slot left for at least 3 ranks without beta"),
                "\(refused.account)")
        }

        @Test func `a host that refuses once is used all the same`() throws {
            let agent = try agent(reaching: "*", refusingOnce: "beta")
            let arguments =
                try Scenario.mlp.arguments(in: directory) + [
                    "--host", "alpha:1,beta:1", "--restarts", "1", "--min-np", "1",
                ]
            let outcome = try program.run(arguments, environment: ["OMPI_MCA_plm_rsh_agent": agent])
            #expect(FileManager.default.fileExists(atPath: directory.file("refused")))
            #expect(
                outcome.exitCode == 0 && outcome.output.contains("2 ranks") && !outcome.errors.contains("without beta"),
                "\(outcome.account)")
        }

        /// What gives a process a host name of its own, without privileges; nil where the system does not allow it.
        private static let namedHost: String? = {
            let command = "unshare --user --map-root-user --uts sh -c 'hostname \"$0\" && exec \"$@\"'"
            return system("\(command) test true >/dev/null 2>&1") == 0 ? command : nil
        }()

        @Test(.enabled(if: namedHost != nil, "this system gives no namespaces of host names"))
        func `a host whose replica differs from most is left out if enough slots are left, whatever the text`() throws {
            let expected = try undisturbed(.restarted)
            let agent = try agent(reaching: "*", start: Self.namedHost ?? "")
            for (minimum, code, garbled) in [(2, 0, "0"), (3, 71, "0"), (2, 0, "1")] as [(Int, Int32, String)] {
                try? FileManager.default.removeItem(atPath: directory.file("run"))  // absent at first
                let outcome = try program.run(
                    Scenario.restarted.arguments(in: directory)
                        + [
                            "--host", "alpha:2,beta:1", "--restarts", "1", "--min-np", "\(minimum)", "--set",
                            "replicaCheck.everySteps=10",
                        ],
                    environment: [
                        "OMPI_MCA_plm_rsh_agent": agent, "TRAINER_TEST_FLIP": "2:55:weight:f1.weight:3",
                        "TRAINER_TEST_GARBLE": garbled,
                    ])
                #expect(outcome.exitCode == code && outcome.leftovers.isEmpty, "\(outcome.account)")
                #expect(
                    outcome.errors.contains("step 60: rank 2 (beta) differs from the other ranks") == (garbled == "0"),
                    "\(outcome.account)")
                #expect(
                    outcome.errors.contains("without beta: most ranks agree against it") == (code == 0),
                    "\(outcome.account)")
                #expect(outcome.errors.contains("attempt 2 of 2 with \(minimum) ranks from step"), "\(outcome.account)")
                if code == 0 { #expect(try final() == expected) }
            }
        }
    }
}
