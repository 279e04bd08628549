import ArgumentParser
import Foundation
import JobHealth
import Kernels
import NeuralNetwork
import Training

extension ProductPrecision: ExpressibleByArgument {}
extension Arithmetic: ExpressibleByArgument {}

extension Bench {
    /// Whole training steps on random data.
    struct StepCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "step",
            abstract: "Whole training steps on random data; under mpirun over all ranks.",
            discussion: """
                A ready-made model learns by SGD with momentum 0.9 and weight decay 5e-4. A configuration is measured \
                with its own optimiser, its batch of all ranks, grain and wire. With --pause workers sleep instead of \
                computing, so that a machine can play more hosts than it has cores for.
                """)

        @Argument(help: "A ready-made model, or a configuration.")
        var model: String

        @Option(parsing: .unconditional, help: "Samples of a rank (default: 64; of a configuration its own batch).")
        var batch: Int?

        @Option(
            parsing: .unconditional,
            help: "Samples of a grain (default: the batch over the threads; of a configuration its own).")
        var grain: Int?

        @Option(parsing: .unconditional, help: "Worker threads of a rank.")
        var threads = 1

        @Option(parsing: .unconditional, help: "Steps that count.")
        var steps = 50

        @Option(parsing: .unconditional, help: "Steps before those.")
        var warmup = 5

        @Option(
            parsing: .singleValue,
            help: "A pattern of parameters that are not trained, such as 'features.*'; may be repeated.")
        var freeze: [String] = []

        @Option(
            parsing: .unconditional,
            help: "Numbers of layers' products: float32 or mixed (default: float32; of a configuration its own).")
        var precision: ProductPrecision?

        @Option(
            parsing: .unconditional,
            help: "Who multiplies in float32: openblas or portable (default: openblas; of a configuration its own).")
        var arithmetic: Arithmetic?

        @Flag(help: "Measure what comparing the ranks' replicas costs, too.")
        var replicaCheck = false

        @Option(
            parsing: .unconditional, help: "Sleep so long for each grain instead of computing it, for example 12ms.")
        var pause: String?

        @Option(parsing: .unconditional, help: "Sleep so long for each whole update, with --pause.")
        var pauseUpdate: String?

        @Option(
            name: .customLong("set"),
            help: ArgumentHelp("Change a key of the configuration, for example batch=1024.", valueName: "key=value"))
        var overrides: [String] = []

        func validate() throws {
            for (name, value) in [
                ("--batch", batch ?? 1), ("--threads", threads), ("--steps", steps), ("--grain", grain ?? 1),
            ] where value < 1 {
                throw ValidationError("\(name) \(value): give at least 1")
            }
            try CommandLine.check(threads: threads, np: nil)
            if warmup < 0 { throw ValidationError("--warmup \(warmup): give at least 0") }
            if pause == nil, pauseUpdate != nil { throw ValidationError("--pause-update: give --pause as well") }
            _ = try pauses()
            if isConfiguration {
                if batch != nil || grain != nil || precision != nil || arithmetic != nil || !freeze.isEmpty {
                    throw ValidationError(
                        "\(model): is a configuration; change it with --set batch=…, --set grain=…, "
                            + "--set precision=…, --set arithmetic=… or --set freeze=…")
                }
            } else if !overrides.isEmpty {
                throw ValidationError("--set \(overrides[0]): \(model) is no configuration file")
            }
        }

        private var isConfiguration: Bool { model.contains("/") || model.contains(".") }

        func run() throws {
            let training = try training()
            let options =
                freeze.map { " --freeze \($0)" } + (precision.map { [" --precision \($0.rawValue)"] } ?? [])
                + (arithmetic.map { [" --arithmetic \($0.rawValue)"] } ?? [])
                + overrides.map { " --set \($0)" }
                + (replicaCheck ? [" --replica-check"] : []) + (pause.map { [" --pause \($0)"] } ?? [])
                + (pauseUpdate.map { [" --pause-update \($0)"] } ?? [])
            let command =
                "bench step \(model) --batch \(batch ?? 0) --grain \(training.grain) --steps \(steps) "
                + "--warmup \(warmup)" + options.joined()
            try Job.run(command) { ranks, _ in
                let benchmark = StepBenchmark(
                    training, threads: threads, steps: steps, warmup: warmup, measuresReplicaCheck: replicaCheck,
                    pause: try pauses())
                let result = try benchmark.run(ranks)
                if ranks.rank == 0 { try report(result, training, ranks) }
                return ExitCode.done.rawValue
            }
        }

        private func training() throws -> MeasuredTraining {
            if isConfiguration {
                return try MeasuredTraining(
                    try RunConfiguration(file: model, overrides: overrides), isPaused: pause != nil)
            }
            let zoo = try ZooModel.named(model)
            (arithmetic ?? .openblas).use()
            let batch = batch ?? 64
            return try MeasuredTraining(
                model: zoo, batchOfRank: batch, grain: min(batch, grain ?? max(1, batch / threads)), freeze: freeze,
                precision: precision ?? .float32, isPaused: pause != nil)
        }

        /// What `--pause` and `--pause-update` say.
        private func pauses() throws -> (grainSeconds: Double, updateSeconds: Double)? {
            func parse(_ option: String, _ text: String) throws -> Double {
                do { return try Quantity.seconds(text) } catch { throw ValidationError("\(option) \(error)") }
            }
            guard let pause else { return nil }
            return (try parse("--pause", pause), try pauseUpdate.map { try parse("--pause-update", $0) } ?? 0)
        }

        private func report(_ result: StepBenchmark.Result, _ training: MeasuredTraining, _ ranks: Ranks) throws {
            let fastest = result.seconds.min() ?? 0
            let batch =
                switch training.batch {
                case .ofRank(let samples): "batch/rank=\(samples)"
                case .ofJob(let samples): "batch=\(samples)"
                }
            try print(
                "trainer \(model) ranks=\(ranks.worldSize) threads=\(threads) \(batch) grain=\(training.grain) "
                    + (precision.map { "precision=\($0.rawValue) " } ?? "")
                    + (arithmetic.map { "arithmetic=\($0.rawValue) " } ?? "") + freeze.map { "freeze=\($0) " }.joined()
                    + (pause.map { "pause=\($0) " } ?? "")
                    + "\(LinearAlgebra.coreName): "
                    + String(
                        format: "%.1f samples/s, %.3f ms/step (median of %d, min %.3f)",
                        result.samplesPerSecond, result.medianSeconds * 1e3, steps, fastest * 1e3)
                    + ", \(result.allocations.during) system allocations")
            if let cost = result.replicaCheck {
                let share = cost.share(everySteps: 100, stepSeconds: result.medianSeconds)
                try print(
                    "replica check: "
                        + String(format: "%.0f µs a comparison, %.1f µs a step", cost.comparison * 1e6, cost.step * 1e6)
                        + String(format: ", %.3f %% of the time with one every 100 steps", share * 100))
            }
        }
    }
}
