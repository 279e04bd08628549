import ArgumentParser
import Foundation
import NeuralNetwork
import Training

/// Measures the program on this machine.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure training steps on this machine.", subcommands: [Step.self])

    /// Whole training steps on random data.
    struct Step: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whole training steps of a ready-made model on random data; under mpirun over all ranks.")

        @Argument(help: "A ready-made model.")
        var model: String

        @Option(parsing: .unconditional, help: "Samples of a rank.")
        var batch = 64

        @Option(parsing: .unconditional, help: "Samples of a grain (default: the batch over the threads).")
        var grain: Int?

        @Option(parsing: .unconditional, help: "Worker threads of a rank.")
        var threads = 1

        @Option(parsing: .unconditional, help: "Steps that count.")
        var steps = 50

        @Option(parsing: .unconditional, help: "Steps before those.")
        var warmup = 5

        func validate() throws {
            for (name, value) in [("--batch", batch), ("--threads", threads), ("--steps", steps), ("--grain", grain ?? 1)] where value < 1 {
                throw ValidationError("\(name) \(value): give at least 1")
            }
            try CommandLine.check(threads: threads, np: nil)
            if warmup < 0 { throw ValidationError("--warmup \(warmup): give at least 0") }
        }

        func run() throws {
            let zoo = try ZooModel.named(model)
            let grain = min(batch, grain ?? max(1, batch / threads))
            try Job.run { ranks in
                let benchmark = StepBenchmark(model: zoo, batch: batch, grain: grain, threads: threads, steps: steps, warmup: warmup)
                let result = try benchmark.run(ranks)
                if ranks.rank == 0 {
                    let fastest = result.seconds.min() ?? 0
                    print(
                        "trainer \(model) ranks=\(ranks.worldSize) threads=\(threads) batch/rank=\(batch) grain=\(grain) "
                            + "\(LinearAlgebra.coreName): "
                            + String(
                                format: "%.1f samples/s, %.3f ms/step (median of %d, min %.3f)", result.samplesPerSecond,
                                result.medianSeconds * 1e3, steps, fastest * 1e3)
                            + ", \(result.allocations.during) system allocations")
                }
                return ExitCode.done.rawValue
            }
        }
    }
}
