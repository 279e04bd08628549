import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Averages of the weights, and rows of limited norm, which every update changes.
    @Suite struct Averaging {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// With a rollback, which takes the averages back too; the shares of three threads would cut rows of
        /// `f1.weight`.
        private static let scenario = Scenario(
            name: "averaging",
            yaml: Scenario.lenet5.yaml.replacingOccurrences(of: "momentum: 0.9,", with: "momentum: 0.9, maxNorm: 0.7,")
                + "averaging: {decay: 0.8}\n", steps: 18)

        private func files(_ run: String) throws -> [FileContent] {
            try ["final", "averaged", "best"].map { try FileContent(directory.file("\(run)/\($0).safetensors")) }
        }

        private func train(
            _ run: String, ranks: Int? = nil, threads: Int = 1, environment: [String: String] = [:],
            more: [String] = []
        ) throws -> Program.Outcome {
            let outcome = try program.run(
                Self.scenario.arguments(in: directory, run: run, threads: threads) + more, ranks: ranks,
                environment: environment)
            try #require(outcome.exitCode == 0, "\(run): \(outcome.account)")
            return outcome
        }

        @Test(arguments: [false, true])
        func `all weights are byte-identical for every number of ranks and threads`(messages: Bool) throws {
            let alone = try train("alone")
            let expected = try files("alone")
            #expect(expected[0] != expected[1])
            let kinds = try jsonLines(directory.file("alone/decisions.jsonl")).compactMap { $0["kind"] as? String }
            #expect(kinds.contains("rollback"), "the scenario no longer meets a rollback: \(alone.output)")
            for (ranks, threads) in [(1, 3), (2, 1), (3, 1), (2, 2)] {
                let run = "np\(ranks)-threads\(threads)"
                let outcome = try train(
                    run, ranks: ranks, threads: threads, environment: messages ? ["TRAINER_SHARED_MEMORY": "0"] : [:])
                #expect(outcome.lastLine == alone.lastLine)
                #expect(try files(run) == expected, "\(run)")
            }
        }

        @Test func `a run that goes on from a checkpoint ends with the same bytes`() throws {
            let undisturbed = try train("undisturbed")
            _ = try train("run")
            let folder = directory.file("run/checkpoints")
            let checkpoints = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            try #require(checkpoints.count > 2, "\(checkpoints)")
            for name in checkpoints.suffix(2) { try FileManager.default.removeItem(atPath: folder + "/" + name) }
            for name in ["final", "averaged"] {
                try FileManager.default.removeItem(atPath: directory.file("run/\(name).safetensors"))
            }
            let resumed = try train("run", ranks: 2)
            #expect(resumed.output.contains("resumed from"), "\(resumed.account)")
            #expect(resumed.lastLine == undisturbed.lastLine)
            #expect(try files("run") == files("undisturbed"))
        }

        @Test func `the last validation, and evaluate, are about the averages`() throws {
            let run = try train("run")
            let plain = try train("plain", more: ["--set", "averaging=null"])
            // The averages take no part in training, but the plateau rule goes by their validation.
            #expect(run.lastLine != plain.lastLine)
            #expect(!FileManager.default.fileExists(atPath: directory.file("plain/averaged.safetensors")))
            let outcomes = try ["", "/averaged.safetensors", "/final.safetensors"].map {
                try program.run(["evaluate", directory.file("run") + $0]).lastLine
            }
            #expect(outcomes[0].contains("loss=") && outcomes[0] == outcomes[1], "\(outcomes)")
            #expect(outcomes[1] != outcomes[2], "\(outcomes)")
        }

        @Test func `a flipped bit of an average that does not fade is found and named`() throws {
            let outcome = try program.run(
                Self.scenario.arguments(in: directory, threads: 1) + ["--set", "replicaCheck.everySteps=5"], ranks: 2,
                environment: ["TRAINER_TEST_FLIP": "1:2:average:c1.weight:94"])
            #expect(outcome.exitCode == 71, "\(outcome.account)")
            #expect(outcome.errors.contains("average of c1.weight"), "\(outcome.account)")
        }
    }
}
