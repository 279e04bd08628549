import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// One flipped bit in one rank's state is found, named, and not written.
    @Suite struct ReplicaCheck {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// Weights, momentum and running statistics; compared after every ten steps.
        private static let scenario = Scenario(
            name: "batch-normalisation",
            yaml: """
                model:
                  input: [28, 28, 1]
                  layers:
                    - conv: {filters: 8, kernel: 3, stride: 2, padding: same}
                    - batchNorm
                    - relu
                    - flatten
                    - {linear: 10}
                data: {name: digits, limit: 250, validation: 55}
                batch: 64
                grain: 16
                epochs: 1000
                optimizer: {name: sgd, learningRate: 0.05, momentum: 0.9}
                validation: {everySteps: 1000}
                checkpoint: {everySteps: 7, keep: 10}
                replicaCheck: {everySteps: 10}
                seed: 1

                """, steps: 40)

        struct Flip: CustomTestStringConvertible, Sendable {
            var rank: Int
            var step: Int
            var kind: String
            var tensor: String
            var bit: Int
            var ranks: Int
            var testDescription: String { "\(variable) of \(ranks) ranks" }
            var variable: String { "\(rank):\(step):\(kind):\(tensor):\(bit)" }
        }

        private static let flips = [
            Flip(rank: 1, step: 12, kind: "weight", tensor: "4.weight", bit: 32 * 777, ranks: 2),
            Flip(rank: 0, step: 11, kind: "weight", tensor: "0.weight", bit: 31, ranks: 3),
            Flip(rank: 2, step: 10, kind: "momentum", tensor: "4.bias", bit: 32 * 9 + 24, ranks: 3),
            Flip(rank: 1, step: 18, kind: "momentum", tensor: "1.weight", bit: 22, ranks: 2),
            // The least bit of a running average, which fades.
            Flip(rank: 1, step: 11, kind: "statistic", tensor: "1.running_mean", bit: 32 * 3, ranks: 3),
            Flip(rank: 0, step: 19, kind: "statistic", tensor: "1.running_var", bit: 30, ranks: 2),
        ]

        @Test(arguments: flips, [false, true])
        func `a flipped bit is found at the next comparison, named and not written`(flip: Flip, messages: Bool) throws {
            let arguments = try Self.scenario.arguments(in: directory, threads: 1)
            let expected = try program.run(Self.scenario.arguments(in: directory, run: "undisturbed", threads: 1))
            var environment = ["TRAINER_TEST_FLIP": flip.variable]
            if messages { environment["TRAINER_SHARED_MEMORY"] = "0" }
            let outcome = try program.run(arguments, ranks: flip.ranks, environment: environment)
            #expect(outcome.exitCode == 71 && outcome.leftovers.isEmpty, "\(outcome.account)")
            // The checkpoint after 14 steps is compared before it is written. What flips right after an update has been
            // hashed for a comparison is found by the next one.
            let step = flip.step < 14 ? 14 : 20
            #expect(outcome.errors.contains("step \(step): rank"), "\(outcome.account)")
            #expect(outcome.errors.contains("\(flip.kind) of \(flip.tensor)"), "\(outcome.account)")
            if flip.ranks == 2 {
                #expect(
                    outcome.errors.contains("rank 0 (") && outcome.errors.contains("rank 1 ("), "\(outcome.account)")
                #expect(outcome.errors.contains("no majority"), "\(outcome.account)")
            } else {
                #expect(
                    outcome.errors.contains("rank \(flip.rank) (")
                        && outcome.errors.contains("differs from the other ranks"), "\(outcome.account)")
            }
            #expect(outcome.errors.contains("resumes from the newest checkpoint"))
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints")).sorted()
            #expect(names.last == (step == 20 ? "step-00000014.safetensors" : "step-00000007.safetensors"), "\(names)")
            let resumed = try program.run(arguments, ranks: flip.ranks)
            #expect(resumed.exitCode == 0 && resumed.lastLine == expected.lastLine, "\(resumed.account)")
        }

        @Test func `how often replicas are compared changes no result and is no obstacle to resuming`() throws {
            let arguments = try Self.scenario.arguments(in: directory, threads: 1)
            let sound = try program.run(arguments, ranks: 2)
            let never = try program.run(
                Self.scenario.arguments(in: directory, run: "never", threads: 1) + [
                    "--set", "replicaCheck.everySteps=0",
                ], ranks: 2)
            let again = try program.run(arguments + ["--set", "replicaCheck.everySteps=3"], ranks: 3)
            #expect(sound.exitCode == 0 && again.exitCode == 0 && never.exitCode == 0, "\(again.account)")
            #expect(never.lastLine == sound.lastLine)
            #expect(sound.lastLine == again.lastLine, "not part of what a run is")
        }

        @Test func `a checkpoint that the clock asks for is compared as well`() throws {
            let arguments = try Self.scenario.arguments(in: directory, threads: 1)
            let outcome = try program.run(
                arguments + [
                    "--set", "replicaCheck.everySteps=1000000", "--set", "checkpoint={everySeconds: 0.000001}",
                ], ranks: 3,
                environment: ["TRAINER_TEST_FLIP": "1:5:weight:4.weight:3"])
            #expect(outcome.exitCode == 71 && outcome.errors.contains("step 5: rank 1 ("), "\(outcome.account)")
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints")).sorted()
            #expect(names.last == "step-00000004.safetensors", "\(names)")
        }
    }
}
