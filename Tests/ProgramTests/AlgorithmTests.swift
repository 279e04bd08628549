import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing
import Training

extension ProgramTests {
    /// One configuration gives one result, restarts included, whichever algorithm computes its convolutions.
    @Suite struct Algorithms {
        /// With the run that is killed on 2 × 1 and resumed on 3 × 2, every number of ranks with every number of
        /// threads.
        private static let runs = [(ranks: 1, threads: 2), (ranks: 2, threads: 2), (ranks: 3, threads: 1)]
        private static let forced = ConvolutionPreference.allCases.filter { $0 != .automatic }

        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func weights(_ scenario: Scenario, run: String, ranks: Int, threads: Int, _ more: [String] = []) throws
            -> FileContent
        {
            let arguments = try scenario.arguments(in: directory, run: run, threads: threads) + more
            let outcome = try program.run(arguments, ranks: ranks == 1 ? nil : ranks)
            try #require(outcome.exitCode == 0 && outcome.leftovers.isEmpty, "\(run): \(outcome.account)")
            return try FileContent(directory.file(run + "/final.safetensors"))
        }

        @Test(arguments: forced)
        func `final weights are byte-identical for every number of ranks and threads and after a kill`(
            preference: ConvolutionPreference
        ) throws {
            let scenario = Scenario.convolutions(preference)
            try checkThatItIsUsed(preference, scenario)
            let expected = try weights(scenario, run: "np1-threads1", ranks: 1, threads: 1)
            for (ranks, threads) in Self.runs {
                let run = "np\(ranks)-threads\(threads)"
                #expect(
                    try weights(scenario, run: run, ranks: ranks, threads: threads) == expected,
                    "\(preference): \(run) gives other weights")
            }
            // The algorithms round differently: with another one the bits are others.
            let other: ConvolutionPreference = preference == .im2col ? .winograd2 : .im2col
            #expect(
                try weights(scenario, run: "other", ranks: 1, threads: 1, ["--set", "convolutions=\(other)"])
                    != expected,
                "\(preference) gives the bits of \(other)")

            let job = try program.start(scenario.arguments(in: directory, run: "killed", threads: 1), ranks: 2)
            let reached = job.wait { $0.output.contains("step 20/") }
            job.killTree()
            let killed = job.wait()
            #expect(reached && killed.exitCode != 0 && killed.leftovers.isEmpty, "\(killed.account)")
            #expect(
                try weights(scenario, run: "killed", ranks: 3, threads: 2) == expected,
                "\(preference): resumed on 3 ranks")
            let kinds = try jsonLines(directory.file("killed/decisions.jsonl")).compactMap { $0["kind"] as? String }
            #expect(kinds.contains("resume"), "the job was killed before its first checkpoint: \(kinds)")
        }

        /// Whether some convolution of the scenario's model is computed by the algorithm that it forces.
        private func checkThatItIsUsed(_ preference: ConvolutionPreference, _ scenario: Scenario) throws {
            let configuration = try RunConfiguration(yaml: scenario.yaml, file: "scenario.yaml", environment: [:])
            #expect(configuration.convolutions == preference)
            let description = try configuration.models[0].model.description(
                name: "scenario", input: ModelInput(shape: [28, 28, 1]), classes: 10)
            let model = try Network([description], convolutions: preference).models[0]
            let forced = model.convolutions.compactMap { preference.algorithm(for: $0)?.name }
            #expect(forced.contains(preference.rawValue), "\(forced)")
        }
    }
}
