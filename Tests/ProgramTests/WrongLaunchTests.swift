import Foundation
import TestSupport
import Testing
import Training

extension ProgramTests {
    /// Launches that cannot be right are refused within five seconds, with exit code 64 and the remedy, by one rank,
    /// and leave nothing.
    @Suite struct WrongLaunches {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// A training run with this configuration, in `run` if nothing else is said.
        private func train(_ options: [String] = [], data: String? = nil) throws -> [String] {
            var scenario = Scenario.lenet5
            if let data {
                scenario.yaml = scenario.yaml.replacingOccurrences(
                    of: "name: digits, limit: 250, validation: 55", with: "name: mnist, path: '\(data)', validation: 20"
                )
            }
            return try scenario.arguments(in: directory) + options
        }

        /// A program that runs `script` and becomes the program with its arguments.
        private func wrapper(_ script: String) throws -> String {
            let lines = "#!/bin/sh\nFOLDER='\(directory.path)'\nRANK=$OMPI_COMM_WORLD_RANK\n\(script)\nexec \"$@\"\n"
            let path = try directory.write(Array(lines.utf8), to: "wrapper")
            chmod(path, 0o755)
            return path
        }

        /// Nobody waits longer to learn that a job cannot run.
        private static let limitSeconds = 5.0

        /// Starts a launch; once more if it was refused too late, because other tests may have kept all cores busy.
        private func launch(_ start: () throws -> Program.Outcome) throws -> Program.Outcome {
            let outcome = try start()
            return outcome.timedOut || outcome.secondsFromStart < Self.limitSeconds ? outcome : try start()
        }

        private func expectRefusal(
            _ outcome: Program.Outcome, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(outcome.exitCode == 64 && !outcome.timedOut, "\(outcome.account)", sourceLocation: sourceLocation)
            #expect(outcome.leftovers.isEmpty, "\(outcome.account)", sourceLocation: sourceLocation)
            #expect(
                outcome.secondsFromStart < Self.limitSeconds,
                "twice too late, now \(outcome.secondsFromStart) s: \(outcome.account)",
                sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    outcome.errors.contains(word), "no '\(word)': \(outcome.account)", sourceLocation: sourceLocation)
            }
            let told = outcome.errors.split(separator: "\n").count { $0.contains(words.first ?? "") }
            #expect(told == 1, "told \(told) times: \(outcome.account)", sourceLocation: sourceLocation)
        }

        @Test(arguments: WrongLaunch.all)
        func `a launch that cannot be right is refused`(launch: WrongLaunch) throws {
            let arguments =
                try launch.arguments?.map { $0.replacingOccurrences(of: "FOLDER", with: directory.path) }
                ?? train(launch.options)
            let wrapper = launch.script.isEmpty ? nil : try wrapper(launch.script)
            let outcome = try self.launch {
                try program.run(
                    arguments, ranks: launch.ranks, environment: launch.environment, through: wrapper,
                    timeoutSeconds: 20)
            }
            expectRefusal(outcome, launch.words)
            #expect(
                !FileManager.default.fileExists(atPath: directory.file("run")),
                "a refused job has made its run directory")
        }

        @Test func `the ranks beside the first are silent where each is a world of its own`() throws {
            for environment in [
                ["PMI_RANK": "3", "PMI_SIZE": "4"], ["SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_STEP_ID": "0"],
            ] {
                let outcome = try launch { try program.run(train(), environment: environment, timeoutSeconds: 20) }
                #expect(
                    outcome.exitCode == 64 && outcome.leftovers.isEmpty && outcome.secondsFromStart < Self.limitSeconds,
                    "\(outcome.account)")
                #expect(!outcome.errors.contains("trainer:"), "\(outcome.account)")
            }
        }

        @Test func `an srun step of one task is an ordinary process`() throws {
            let outcome = try program.run(
                train(),
                environment: [
                    "SLURM_PROCID": "0", "SLURM_NTASKS": "1", "SLURM_STEP_ID": "0", "SLURM_STEPID": "0",
                    "SLURM_JOB_ID": "7",
                ])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }

        // MARK: - Data and weights

        /// Writes a data set of IDX files whose images hold `value`.
        private func writeData(_ folder: String, value: UInt8, count: Int = 100) throws {
            try FileManager.default.createDirectory(atPath: directory.file(folder), withIntermediateDirectories: false)
            let size = withUnsafeBytes(of: UInt32(count).bigEndian, Array.init)
            let images =
                [0, 0, 8, 3] + size + [0, 0, 0, 28, 0, 0, 0, 28]
                + (0..<count * 784).map { UInt8(truncatingIfNeeded: $0 >> 3) ^ value }
            try directory.write(images, to: "\(folder)/train-images-idx3-ubyte")
            try directory.write(
                [0, 0, 8, 1] + size + (0..<count).map { UInt8($0 % 10) }, to: "\(folder)/train-labels-idx1-ubyte")
        }

        @Test(arguments: [100, 90])
        func `other data on one rank are refused, also when there are fewer`(count: Int) throws {
            try writeData("data", value: 0)
            try writeData("other", value: 1, count: count)
            let outcome = try launch {
                try program.run(
                    train(data: "${WHERE}"), ranks: 3,
                    through: wrapper("WHERE=$FOLDER/data; [ $RANK = 2 ] && WHERE=$FOLDER/other; export WHERE"))
            }
            expectRefusal(
                outcome,
                [
                    "rank 2 has other training data than rank 0 on ", "rank 2 of 3 on ", "fingerprint",
                    "copy the same data files to all hosts",
                ])
        }

        @Test func `the same data in another folder are accepted`() throws {
            try writeData("data", value: 0)
            try writeData("copy", value: 0)
            let outcome = try program.run(
                train(data: "${WHERE}"), ranks: 2,
                through: wrapper("WHERE=$FOLDER/data; [ $RANK = 1 ] && WHERE=$FOLDER/copy; export WHERE"))
            #expect(outcome.exitCode == 0, "\(outcome.account)")
        }

        @Test func `other weights on one rank of an evaluation are refused`() throws {
            for (run, seed) in [("one", "1"), ("two", "2")] {
                let outcome = try program.run(
                    Scenario.lenet5.arguments(in: directory, run: run) + [
                        "--max-steps", "1", "--seed", "1", "--set", "optimizer.learningRate=0.\(seed)",
                    ])
                try #require(outcome.exitCode == 0, "\(outcome.account)")
            }
            let same = try directory.read("one/config.yaml")
            try directory.write(same, to: "two/config.yaml")
            let outcome = try launch {
                try program.run(
                    ["evaluate", directory.file("one")], ranks: 2,
                    through: wrapper("[ $RANK = 1 ] && set -- \"$1\" evaluate $FOLDER/two"))
            }
            expectRefusal(
                outcome, ["rank 1 has other weights than rank 0 on ", "copy the same run directory to all hosts"])
        }

        // MARK: - Other jobs, cores

        @Test(arguments: [nil, 2])
        func `a second job in a run directory is refused`(ranks: Int?) throws {
            let first = try program.start(Scenario.endless.arguments(in: directory))
            #expect(first.wait { $0.output.contains("epochs of") }, "\(first.errors)")
            first.signal(SIGSTOP)  // it holds the directory all the same, and leaves the cores to the second
            let outcome = try launch { try program.run(Scenario.endless.arguments(in: directory), ranks: ranks) }
            expectRefusal(
                outcome,
                ["another job is training in this directory", "wait for its end, or give another directory with --run"])
            first.signal(SIGCONT)
            first.signal(SIGTERM)
            #expect(first.wait().exitCode == 75)
        }

        @Test(.enabled(if: Placement.usableCores > 1, "needs two cores, of which a launcher can leave a rank one"))
        func `a rank bound to fewer cores than it has threads is refused`() throws {
            let bind = try wrapper(
                "[ $RANK = 1 ] && set -- taskset -c $(taskset -pc $$ | sed 's/.*: *//; s/[-,].*//') \"$@\"")
            let outcome = try launch { try program.run(train(["--threads", "2"]), ranks: 2, through: bind) }
            expectRefusal(
                outcome,
                [
                    "rank 1 of 2 on ", "the launcher bound this rank to 1 core, too few for 2 threads",
                    "--bind-to none, or with --threads 1",
                ])
        }

        // MARK: - What ranks need not have alike

        @Test
        func `of options that only rank 0 uses and settings that ranks agree on, any mixture gives the same bits`()
            throws
        {
            let expected = try program.run(Scenario.lenet5.arguments(in: directory, run: "alone"))
            try #require(expected.exitCode == 0, "\(expected.account)")
            let outcome = try program.run(
                train(), ranks: 3,
                through: wrapper(
                    """
                    [ $RANK = 1 ] && {
                        export TRAINER_SHARED_MEMORY=0
                        set -- "$@" --time-limit 1s --threads 2 --set name=other
                    }
                    [ $RANK = 2 ] && set -- "$@" --run $FOLDER/elsewhere --resume $FOLDER/absent
                    """))
            #expect(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(outcome.account)")
            #expect(
                try FileContent(directory.file("run/final.safetensors"))
                    == FileContent(directory.file("alone/final.safetensors")))
            #expect(!FileManager.default.fileExists(atPath: directory.file("elsewhere")))
        }

        // MARK: - More workers than cores

        @Test func `more workers than cores are a warning, told once with the option that ends it`() throws {
            let cores = Placement.usableCores
            for (options, remedy) in [
                (["--threads", "\(2 * cores)"], "give --threads \(cores) or less"),
                (["--np", "1", "--threads", "\(cores + 1)"], "give --threads \(cores) or less"),
                (["--np", "\(cores)", "--threads", "2", "--set", "grain=1"], "give --threads 1"),
                (["--np", "\(cores + 1)", "--set", "grain=1", "--restarts", "1"], "start at most \(cores) rank"),
            ] {
                let outcome = try program.run(train(options + ["--max-steps", "1", "--resume", "never"]))
                #expect(outcome.exitCode == 0, "\(outcome.account)")
                let warnings = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("warning: ") }
                #expect(
                    warnings.count == 1
                        && warnings.allSatisfy { $0.contains(remedy) && $0.contains("on \(cores) core") },
                    "\(options): \(outcome.account)")
            }
        }

        @Test func `a launch that fits the machine gives no warning`() throws {
            for options in [
                [], ["--threads", "1"], ["--np", "1"], ["--np", "\(Placement.usableCores)", "--set", "grain=1"],
            ] {
                let outcome = try program.run(train(options + ["--max-steps", "1", "--resume", "never"]))
                #expect(outcome.exitCode == 0 && !outcome.errors.contains("warning"), "\(options): \(outcome.account)")
            }
        }
    }
}
