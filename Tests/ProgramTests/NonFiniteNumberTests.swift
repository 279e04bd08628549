import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// A NaN or infinity ends the job with its place, or costs one step; it reaches no checkpoint and no result.
    @Suite struct NonFiniteNumbers: EndingChecks {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        @Test(arguments: [nil, 3])
        func `a number that is none ends the job with step, layer, rank and samples`(ranks: Int?) throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30"]), ranks: ranks)
            expectEnd(
                outcome, 70,
                [
                    "step 2: the output of layer c2 is not a finite number (rank 0, samples 11091",
                    "lower the learning rate",
                ])
        }

        @Test func `also where gradients travel in messages`() throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30"]), ranks: 3,
                environment: ["TRAINER_SHARED_MEMORY": "0"])
            expectEnd(outcome, 70, ["step 2: the output of layer c2 is not a finite number (rank 0, samples 11091"])
        }

        @Test func `the step is skipped instead where the configuration says so`() throws {
            let outcome = try program.run(
                train(configuration(), ["--set", "optimizer.learningRate=1e30", "--set", "onNonFinite=skip"]), ranks: 2)
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let kinds = try jsonLines(directory.file("run/decisions.jsonl")).compactMap { $0["kind"] as? String }
            #expect(kinds.contains("skipNonFinite"))
        }

        @Test(arguments: ["stop", "skip"], [nil, 2])
        func `weights that are no numbers are never saved, and the newest checkpoint is one before them`(
            policy: String, ranks: Int?
        ) throws {
            // The rate of step 4 makes infinite weights of finite gradients.
            let config = try configuration {
                $0.replacingOccurrences(
                    of: "schedule: {onPlateau", with: "schedule: {step: {everySteps: 3, factor: 3e38}}\n#"
                )
                .replacingOccurrences(of: "checkpoint: {everySteps: 4", with: "checkpoint: {everySteps: 1")
            }
            let arguments = [
                "--set", "onNonFinite=\(policy)",
                "--set", "optimizer.groups=[{match: '*.bias', learningRateFactor: 50}]",
            ]
            let outcome = try program.run(train(config, arguments, steps: 9), ranks: ranks)
            expectEnd(outcome, 70, ["step 4: weight ", " is not a finite number", "the last checkpoint is intact"])
            let checkpoints = try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints"))
                .sorted()
            #expect(checkpoints.last == "step-00000003.safetensors")
        }

        @Test func `where steps are skipped and a rollback may help, a state of no numbers is passed over`() throws {
            // The rate of step 1 is 0, that of step 2 infinite.
            let config = try configuration {
                $0.replacingOccurrences(of: "schedule: {", with: "schedule: {warmup: {steps: 9}, ")
                    .replacingOccurrences(of: "patience: 1", with: "patience: 3")
                    .replacingOccurrences(of: "everySteps: 3", with: "everySteps: 1").replacingOccurrences(
                        of: "everySteps: 4", with: "everySteps: 1")
            }
            let outcome = try program.run(
                train(
                    config,
                    [
                        "--set", "onNonFinite=skip", "--set", "optimizer.learningRate=3e38",
                        "--set", "optimizer.groups=[{match: '*', learningRateFactor: 100}]",
                    ], steps: 9))
            expectEnd(outcome, 70, ["weight ", " is not a finite number"])
            let decisions = try jsonLines(directory.file("run/decisions.jsonl"))
            let refused = decisions.filter { $0["kind"] as? String == "saveFailed" }
            #expect(
                refused.contains { ($0["reason"] as? String)?.contains("is not a finite number") ?? false },
                "\(outcome.account)")
            #expect(decisions.filter { $0["kind"] as? String == "rollback" }.count > 1, "\(outcome.account)")
        }

        @Test func `a validation that is no number does not pass for a result`() throws {
            let config = try configuration {
                $0.replacingOccurrences(of: "schedule: {onPlateau", with: "schedule: constant\n#")
            }
            let outcome = try program.run([
                "train", config, "--run", directory.file("run"), "--max-steps", "1", "--set",
                "optimizer.learningRate=1e30",
            ])
            expectEnd(
                outcome, 70,
                ["step 1: in validation the output of layer c2 is not a finite number (rank 0, samples 17365"])
        }
    }
}
