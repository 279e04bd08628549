import Foundation
import JobHealth
import TestSupport
import Testing

extension ProgramTests {
    /// `--restarts`: a job that fails is started again and ends with the bytes of one that never failed.
    @Suite struct Restarts {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func undisturbed(_ scenario: Scenario) throws -> FileContent {
            let outcome = try program.run(scenario.arguments(in: directory, run: "undisturbed", threads: 1))
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            return try FileContent(directory.file("undisturbed/final.safetensors"))
        }

        private func final() throws -> FileContent { try FileContent(directory.file("run/final.safetensors")) }

        private func kinds() throws -> [String] {
            try jsonLines(directory.file("run/decisions.jsonl")).compactMap { $0["kind"] as? String }
        }

        /// Starts `scenario` and waits until it trains.
        private func start(_ scenario: Scenario, _ options: [String], environment: [String: String] = [:]) throws
            -> RunningProgram
        {
            let job = try program.start(scenario.arguments(in: directory) + options, environment: environment)
            let isTraining = job.wait { $0.output.contains("step 50/") }
            try #require(isTraining, "\(isTraining ? "" : job.wait(timeoutSeconds: 1).account)")
            return job
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

        @Test(arguments: ["rank", "all ranks", "mpirun"])
        func `after the death of a part of it a job goes on to the same final bytes`(target: String) throws {
            let expected = try undisturbed(.restarted)
            let job = try start(.restarted, ["--np", "3", "--restarts", "2"])
            switch target {
            case "rank": job.signal(SIGKILL, rank: 2)
            case "all ranks": for rank in 0..<3 { job.signal(SIGKILL, rank: rank) }
            default: for launcher in job.processes(running: "mpirun") { kill(launcher, SIGKILL) }
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
                #expect(job.wait { !$0.processes(running: "mpirun").isEmpty })
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
                    job.processes(running: "orted").first { job.commandLine($0).contains("ess_base_vpid 2") })
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

extension Scenario {
    /// Learns for seconds, with a checkpoint every 20 steps.
    fileprivate static let restarted = Scenario(
        name: "restarted",
        yaml: long.yaml.replacingOccurrences(of: "everySteps: 300", with: "everySteps: 20")
            .replacingOccurrences(of: "learningRate: 0.2", with: "learningRate: 0.02"), steps: 500)
}

extension RunningProgram {
    /// The job's processes that run a program of this name.
    func processes(running name: String) -> [pid_t] {
        processes.keys.filter { process in
            FileManager.default.contents(atPath: "/proc/\(process)/comm").map { String(decoding: $0, as: UTF8.self) }
                == name + "\n"
        }
    }
}
