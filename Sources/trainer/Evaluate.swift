import ArgumentParser
import Collectives
import Foundation
import Training

/// Evaluates trained weights on the test set.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Evaluate trained weights on the test set, on all cores or ranks.")

    @Argument(help: "A run directory (its final weights, else the best), or a weights or checkpoint file inside one.")
    var source: String

    @Option(help: "The folder that holds the data sets, if not where the run had them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    @Option(help: "Worker threads of a rank (default: its share of the cores).")
    var threads: Int?

    @Option(help: "Start this many ranks with mpirun.")
    var np: Int?

    func run() throws {
        if let np {
            if try LauncherEnvironment.detect(in: ProcessInfo.processInfo.environment) != nil { throw LaunchError.nested }
            try Job.launch(ranks: np, threads: threads, arguments: CommandLine.argumentsWithoutRanks)
        }
        try Job.run { ranks in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            let tally = try weights.evaluateTest(ranks, threads: threads)
            if ranks.rank == 0 {
                let accuracy = weights.hasAccuracy ? " accuracy=\(tally.accuracy)" : ""
                print("samples=\(Int(tally.samples)) loss=\(tally.meanLoss)\(accuracy)")
            }
            return ExitCode.done.rawValue
        }
    }
}

extension CommandLine {
    /// The arguments of this process without `--np N`, for the ranks that it starts.
    static var argumentsWithoutRanks: [String] {
        var result: [String] = []
        var skipsNext = false
        for argument in arguments.dropFirst() {
            if skipsNext {
                skipsNext = false
            } else if argument == "--np" {
                skipsNext = true
            } else if !argument.hasPrefix("--np=") {
                result.append(argument)
            }
        }
        return result
    }
}
