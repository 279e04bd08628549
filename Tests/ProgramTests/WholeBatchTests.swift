import Foundation
import TestSupport
import Testing

extension Scenario {
    /// Statistics over the whole batch, of images and of vectors; the last batch has 3 samples for 7 grains.
    fileprivate static let wholeBatch = Scenario(
        name: "whole-batch",
        yaml: """
            model:
              input: [28, 28, 1]
              layers:
                - {conv: {filters: 8, kernel: 3, padding: same, bias: false}}
                - {batchNorm: {statistics: batch}}
                - relu
                - {maxPool: 4}
                - residual: [ {conv: {filters: 8, kernel: 3, padding: same}}, {batchNorm: {statistics: batch}} ]
                - flatten
                - {linear: 20}
                - {batchNorm: {statistics: batch, momentum: 0.3}}
                - tanh
                - {linear: 10}
            data: {name: digits, limit: 225, validation: 30}
            batch: 64
            grain: 10
            epochs: 60
            optimizer: {name: momentum, learningRate: 0.1}
            validation: {everySteps: 5}
            checkpoint: {everySteps: 3}
            deadlineSeconds: 2
            seed: 2

            """, steps: 14)

    /// The same in the two models of a generative adversarial network, of which one is frozen while the other learns.
    fileprivate static let wholeBatchGAN = Scenario(
        name: "whole-batch-gan",
        yaml: """
            models:
              generator:
                input: [16]
                layers:
                  - {linear: 32}
                  - {batchNorm: {statistics: batch}}
                  - relu
                  - {linear: 784}
                  - sigmoid
                  - {unflatten: [28, 28, 1]}
              discriminator:
                input: [28, 28, 1]
                layers:
                  - {conv: {filters: 4, kernel: 5, stride: 4}}
                  - {batchNorm: {statistics: batch}}
                  - {leakyRelu: 0.2}
                  - flatten
                  - {linear: 1}
            data: {name: digits, limit: 165, validation: 30}
            order: alternating
            phases:
              - name: discriminator
                objective: ganDiscriminator
                optimizer: {name: adam, learningRate: 0.01}
              - name: generator
                objective: ganGenerator
                optimizer: {name: adam, learningRate: 0.01}
            batch: 64
            grain: 10
            epochs: 60
            checkpoint: {everySteps: 3}
            seed: 2

            """, steps: 14)
}

extension ProgramTests {
    /// Batch normalisation over all grains of a step, which meet within it.
    @Suite struct WholeBatch {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private static let messages = ["TRAINER_SHARED_MEMORY": "0"]
        private static let hosts = ["TRAINER_TEST_HOSTS": "0,1,0"]

        @Test(arguments: [Scenario.wholeBatch, .wholeBatchGAN])
        func `the weights have the same bits on any ranks and threads, and after a kill within an epoch`(
            scenario: Scenario
        ) throws {
            let alone = try program.run(scenario.arguments(in: directory, run: "alone", threads: 1))
            try #require(alone.exitCode == 0, "\(alone.account)")
            #expect(alone.output.contains("statistics of the whole batch, so that all grains of a rank (7)"))
            let expected = try FileContent(directory.file("alone/final.safetensors"))
            for (ranks, threads, variables) in [
                (nil, 2, [:]), (2, 1, [:]), (3, 2, [:]), (2, 2, Self.messages), (4, 1, Self.messages),
                (3, 1, Self.hosts),
            ] as [(Int?, Int, [String: String])] {
                let run = "np\(ranks ?? 0)-threads\(threads)-\(variables.count)"
                let outcome = try program.run(
                    scenario.arguments(in: directory, run: run, threads: threads), ranks: ranks,
                    environment: variables)
                try #require(outcome.exitCode == 0, "\(run): \(outcome.account)")
                #expect(outcome.lastLine == alone.lastLine)
                #expect(try FileContent(directory.file(run + "/final.safetensors")) == expected, "\(run)")
            }
            let killed = try program.run(
                scenario.arguments(in: directory, run: "killed", threads: 2), ranks: 2,
                environment: ["TRAINER_TEST_FAULT": "kill:training:1:7"])
            #expect(killed.exitCode == 128 + SIGKILL && killed.leftovers.isEmpty, "\(killed.account)")
            let resumed = try program.run(
                scenario.arguments(in: directory, run: "killed", threads: 1), ranks: 3, environment: Self.messages)
            #expect(resumed.output.contains("resumed from step 6"), "\(resumed.account)")
            #expect(try FileContent(directory.file("killed/final.safetensors")) == expected)
        }

        /// The other grains wait for the failed one, those of its own rank and those of the others.
        @Test(
            arguments: [
                ("throw", 70, "rank 1 of 3"), ("kill", 128 + SIGKILL, "rank 1"), ("stop", 70, "which is stopped"),
                ("nan", 70, "is not a finite number"),
            ] as [(String, Int32, String)])
        func `a rank that fails in the middle of a step ends the job in time`(
            fault: String, code: Int32, words: String
        ) throws {
            for (index, variables) in [[:], Self.messages, Self.hosts].enumerated() {
                let outcome = try program.run(
                    Scenario.wholeBatch.arguments(in: directory, run: "\(fault)-\(index)", threads: 1),
                    ranks: 3, environment: variables.merging(["TRAINER_TEST_FAULT": "\(fault):training:1:5"]) { $1 })
                #expect(outcome.exitCode == code && outcome.errors.contains(words), "\(outcome.account)")
                #expect(outcome.leftovers.isEmpty && !outcome.timedOut)
                #expect(outcome.secondsFromStart < 20)
            }
        }
    }
}
