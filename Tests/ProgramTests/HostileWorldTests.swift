import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Disks that fill up, pipes that close, ranks that stop: the cause is said and nothing is lost.
    @Suite struct HostileWorld {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func shell(_ script: String) throws -> Program.Outcome {
            try RunningProgram(
                ["sh", "-c", script], environment: ProcessInfo.processInfo.environment, directory: directory.path
            ).wait()
        }

        /// Whether this machine lets tests mount file systems of their own.
        static let canMount: Bool = {
            guard geteuid() == 0, let folder = try? TemporaryDirectory() else { return false }
            let probe = "mount -t tmpfs -o size=64k tmpfs '\(folder.path)' && umount '\(folder.path)'"
            let outcome = try? RunningProgram(
                ["sh", "-c", probe], environment: ProcessInfo.processInfo.environment, directory: nil
            ).wait()
            return outcome?.exitCode == 0
        }()

        @Test(.enabled(if: canMount, "needs root and the right to mount a small file system"), arguments: [nil, 3])
        func `a disk that fills up ends the job and the previous checkpoint stays sound`(ranks: Int?) throws {
            let disk = directory.file("disk")
            let mounted = try shell("mkdir disk && mount -t tmpfs -o size=1500k tmpfs disk")
            try #require(mounted.exitCode == 0, "\(mounted.account)")
            defer { Glibc.umount2(disk, Int32(MNT_DETACH)) }
            // One checkpoint of this model has about 0.5 MB.
            let scenario = Scenario.long
            let arguments =
                try scenario.arguments(in: directory) + [
                    "--run", disk + "/run", "--set", "checkpoint.everySteps=20", "--set", "checkpoint.keep=9",
                ]
            let full = try program.run(arguments, ranks: ranks)
            #expect(full.exitCode == 70 && full.leftovers.isEmpty, "\(full.account)")
            #expect(
                full.errors.contains("No space left on device") && full.errors.contains("free some space"),
                "\(full.account)")
            #expect(full.secondsFromError ?? 0 < 10)
            let checkpoints = try FileManager.default.contentsOfDirectory(atPath: disk + "/run/checkpoints").sorted()
            let last = try #require(checkpoints.last { $0.hasPrefix("step-") })
            let sound = try program.run(["digest", disk + "/run/checkpoints/" + last])
            #expect(sound.exitCode == 0, "\(sound.account)")
            #expect(!checkpoints.contains { $0.contains("tmp") }, "\(checkpoints)")
        }

        @Test(.enabled(if: canMount, "needs root and the right to mount a small file system"))
        func `a read-only run directory is refused`() throws {
            let disk = directory.file("disk")
            let mounted = try shell("mkdir disk && mount -t tmpfs -o size=64k,ro tmpfs disk")
            try #require(mounted.exitCode == 0, "\(mounted.account)")
            defer { Glibc.umount2(disk, Int32(MNT_DETACH)) }
            for (run, ranks) in [("/run", nil), ("", 3)] as [(String, Int?)] {
                let outcome = try program.run(
                    Scenario.lenet5.arguments(in: directory) + ["--run", disk + run], ranks: ranks)
                #expect(
                    outcome.exitCode == 64 && outcome.errors.contains("Read-only file system"), "\(outcome.account)")
                #expect(outcome.errors.contains("--run") && outcome.leftovers.isEmpty)
            }
        }

        @Test func `a limit on file sizes ends a run with its remedy`() throws {
            try directory.write(Array("#!/bin/sh\nulimit -f 200\nexec \"$@\"\n".utf8), to: "wrapper")
            chmod(directory.file("wrapper"), 0o755)
            let outcome = try program.run(Scenario.lenet5.arguments(in: directory), through: directory.file("wrapper"))
            #expect(outcome.exitCode == 70 && outcome.errors.contains("ulimit -f"), "\(outcome.account)")
            #expect(outcome.leftovers.isEmpty)
        }

        @Test func `a checkpoints folder that is a file is refused`() throws {
            let run = directory.file("run")
            try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
            try directory.write([1], to: "run/checkpoints")
            let outcome = try program.run(Scenario.lenet5.arguments(in: directory))
            #expect(
                [64, 65].contains(outcome.exitCode) && outcome.errors.contains("run/checkpoints"), "\(outcome.account)")
        }

        @Test func `standard output that is closed does not end a run`() throws {
            let command = ([program.path] + (try Scenario.lenet5.arguments(in: directory))).map { "'\($0)'" }.joined(
                separator: " ")
            let outcome = try shell("{ \(command); echo \"exit $?\" >&2; } | head -1")
            #expect(outcome.errors.contains("exit 0"), "\(outcome.account)")
            #expect(FileManager.default.fileExists(atPath: directory.file("run/final.safetensors")))
        }

        @Test func `data files removed while a run reads them do not disturb it`() throws {
            let images: [UInt8] =
                [0, 0, 8, 3, 0, 0, 1, 0, 0, 0, 0, 28, 0, 0, 0, 28]
                + (0..<256 * 784).map { UInt8(truncatingIfNeeded: $0 * $0 >> 5) }
            let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 1, 0] + (0..<256).map { UInt8($0 % 10) }
            try directory.write(images, to: "train-images-idx3-ubyte")
            try directory.write(labels, to: "train-labels-idx1-ubyte")
            var scenario = Scenario.long
            scenario.yaml = scenario.yaml.replacingOccurrences(
                of: "name: digits, limit: 250, validation: 55",
                with: "name: mnist, path: '\(directory.path)', validation: 56")
            let job = try program.start(scenario.arguments(in: directory))
            #expect(job.wait { $0.output.contains("step 50/") }, "\(job.errors)")
            unlink(directory.file("train-images-idx3-ubyte"))
            let outcome = job.wait()
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }

        @Test func `a data file cut short while a run reads it ends the run with a message`() throws {
            let images: [UInt8] =
                [0, 0, 8, 3, 0, 0, 1, 0, 0, 0, 0, 28, 0, 0, 0, 28] + [UInt8](repeating: 7, count: 256 * 784)
            let path = try directory.write(images, to: "train-images-idx3-ubyte")
            try directory.write(
                [0, 0, 8, 1, 0, 0, 1, 0] + (0..<256).map { UInt8($0 % 10) }, to: "train-labels-idx1-ubyte")
            var scenario = Scenario.endless
            scenario.yaml = scenario.yaml.replacingOccurrences(
                of: "name: digits, limit: 250, validation: 55",
                with: "name: mnist, path: '\(directory.path)', validation: 56")
            let job = try program.start(scenario.arguments(in: directory), ranks: 2)
            #expect(job.wait { $0.output.contains("step 50/") }, "\(job.errors)")
            truncate(path, 16)
            let outcome = job.wait()
            #expect(
                outcome.exitCode == 65 && outcome.errors.contains("cut short") && outcome.leftovers.isEmpty,
                "\(outcome.account)")
        }

        @Test func `a rank that stands still ends the job, and no other rank is blamed`() throws {
            let job = try program.start(Scenario.endless.arguments(in: directory) + ["--deadline", "1"], ranks: 3)
            #expect(job.wait { $0.output.contains("step 50/") }, "\(job.errors)")
            job.signal(SIGSTOP, rank: 1)
            let outcome = job.wait()
            #expect(outcome.exitCode == 70 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(outcome.errors.contains("(the all-reduce after step "), "\(outcome.account)")
            #expect(
                outcome.errors.contains("s for rank 1 on ") && outcome.errors.contains(", which is stopped;"),
                "\(outcome.account)")
            #expect(!outcome.errors.contains("no progress"), "\(outcome.account)")
        }

        @Test func `a crash on whatever thread says where the process was`() throws {
            for _ in 0..<8 {
                let arguments = try Scenario.lenet5.arguments(in: directory, threads: 4) + ["--resume", "never"]
                let outcome = try program.run(arguments, environment: ["TRAINER_TEST_FAULT": "segv:training:0:2"])
                #expect(outcome.exitCode == 128 + SIGSEGV, "\(outcome.account)")
                #expect(
                    outcome.errors.contains("trainer: (training after step 2): crashed with SIGSEGV"),
                    "\(outcome.account)")
            }
        }

        @Test func `signals within a second count as one, a later one ends the program at once`() throws {
            let job = try program.start(Scenario.slowValidation.arguments(in: directory))
            _ = job.wait { $0.output.contains("epochs of") }
            job.signal(SIGINT)
            job.signal(SIGTERM)
            #expect(job.wait().exitCode == 75)

            // A step of many seconds.
            var slow = Scenario.mlp
            slow.yaml = slow.yaml.replacingOccurrences(of: "hidden: [64, 33]", with: "hidden: [6000, 6000]")
                .replacingOccurrences(of: "limit: 240, validation: 37", with: "limit: 6000, validation: 37")
                .replacingOccurrences(of: "batch: 50\ngrain: 15", with: "batch: 5900\ngrain: 5900")
            let stubborn = try program.start(slow.arguments(in: directory, run: "slow"))
            #expect(stubborn.wait { $0.output.contains("epochs of") }, "\(stubborn.errors)")
            stubborn.signal(SIGTERM)
            usleep(1_300_000)
            stubborn.signal(SIGINT)
            #expect(stubborn.wait(timeoutSeconds: 3).exitCode == 128 + SIGINT)
        }

        @Test func `names with spaces, quotes and letters of any script work`() throws {
            let run = directory.file("läuft 'gut' $HOME 走")
            let outcome = try program.run(Scenario.lenet5.arguments(in: directory) + ["--run", run], ranks: 2)
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let evaluation = try program.run(["evaluate", run])
            #expect(evaluation.exitCode == 0, "\(evaluation.account)")
        }
    }
}
