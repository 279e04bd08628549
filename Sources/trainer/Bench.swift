import ArgumentParser
import Benchmarks
import Foundation
import JobHealth
import Kernels
import NeuralNetwork
import Training

/// Measures the program on this machine.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure training steps and their parts on this machine.",
        subcommands: [StepCommand.self, AllReduce.self, ConvolutionCommand.self, Gemm.self, Pictures.self])

    /// Convolution algorithms, pass by pass.
    struct ConvolutionCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "convolution",
            abstract:
                "Every convolution algorithm on a model's shapes or on one: speed, error against Double, share of "
                + "the peak; * is what training uses."
        )

        @Argument(help: "A ready-made model.")
        var model = "resnet18-cifar"

        @Option(help: "Samples of a grain.")
        var batch = 32

        @Option(
            help:
                ArgumentHelp(
                    "This shape instead, NxHxWxC:filters:kernel[:sSTRIDE][:pPADDING][:gGROUPS], for example "
                        + "32x28x28x64:128:7x7:s1:p3.")
        )
        var shape: String?

        func run() throws {
            let geometry = try shape.map { try ConvolutionGeometry(text: $0) }
            let peak = Roofline.peakGigaflops()
            try print(
                String(
                    format: "peak of one core: %.0f GFLOP/s, memory %.1f GB/s, kernels for %@", peak,
                    Roofline.bandwidthGigabytes(), LinearAlgebra.coreName))
            let benchmark =
                try geometry.map { ConvolutionBenchmark(shape: $0, peak: peak) }
                ?? ConvolutionBenchmark(model: ZooModel.named(model), batch: batch, peak: peak)
            try benchmark.run { row in
                try print(
                    "\(row.shape)  \(row.pass)  \(row.algorithm)\(row.isChosen ? "*" : "")"
                        + String(
                            format: "  %.0f GFLOP/s  error %.1e  %.0f %% of peak", row.gigaflops, row.error,
                            100 * row.shareOfPeak))
            }
        }
    }

    /// Matrix products against the peak.
    struct Gemm: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Matrix products of several sizes against the peak of multiply-adds.")

        func run() throws {
            let peak = Roofline.peakGigaflops()
            try print(String(format: "peak of one core: %.0f GFLOP/s, kernels for %@", peak, LinearAlgebra.coreName))
            for (m, n, k) in [
                (64, 64, 64), (64, 512, 784), (128, 128, 128), (512, 512, 512), (3200, 16, 150), (4096, 64, 576),
            ] {
                let gigaflops = MatrixBenchmark.gigaflops(m: m, n: n, k: k)
                try print(
                    "\(m)×\(n)×\(k)"
                        + String(format: ": %.0f GFLOP/s, %.0f %% of peak", gigaflops, 100 * gigaflops / peak))
            }
        }
    }

    /// The addition of gradients over ranks.
    struct AllReduce: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "allreduce",
            abstract: "The addition of gradients over ranks, beside MPI_Allreduce; run it under mpirun or with --np.")

        @Option(help: "Start this many ranks with mpirun.")
        var np: Int?

        @Option(help: "Measure vectors of this many bytes alone.")
        var bytes: Int?

        func validate() throws {
            if let bytes, bytes < 64 { throw ValidationError("--bytes \(bytes): give at least 64") }
        }

        func run() throws {
            if let np { try Job.launch(ranks: np, threads: nil, arguments: CommandLine.arguments(without: ["--np"])) }
            try Job.run("bench allreduce" + (bytes.map { " --bytes \($0)" } ?? "")) { ranks, _ in
                if ranks.rank == 0 {
                    try print(
                        "ranks=\(ranks.worldSize) bytes, ours, MPI_Allreduce, ratio of times MPI_Allreduce / ours "
                            + "(medians)"
                    )
                }
                try AllReduceBenchmark(ranks).run(bytes.map { [$0] } ?? AllReduceBenchmark.usualBytes) { row in
                    guard ranks.rank == 0 else { return }
                    let library = row.library.map { String(format: "%.1f µs, %.2f", $0 * 1e6, $0 / row.ours) } ?? "-, -"
                    try print("\(row.bytes), " + String(format: "%.1f µs, ", row.ours * 1e6) + library)
                }
                return ExitCode.done.rawValue
            }
        }
    }
}
