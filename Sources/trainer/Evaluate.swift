import ArgumentParser
import Foundation
import JobHealth
import Reporting
import System
import Training

/// Evaluates trained weights on a part of the data.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Evaluate trained weights on the test set, or another part of the data, on all cores or ranks.")

    @Argument(help: "A run directory (its final weights, else the best), or a weights or checkpoint file inside one.")
    var source: String

    @Option(
        help: ArgumentHelp(
            "The part of the run's data: \(DataPart.allCases.map(\.rawValue).joined(separator: ", ")) "
                + "(default: test).", valueName: "part"))
    var split: String?

    @Flag(
        help: ArgumentHelp(
            "Print how often samples of each class were taken for each, and each class's precision, recall and F1."))
    var confusion = false

    @Option(help: "The folder that holds the data sets, if not where the run had them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    @Option(
        parsing: .unconditional,
        help: "Average what this many networks with dropout masks of their own predict, instead of scaling.")
    var dropoutSamples: Int?

    @Option(parsing: .unconditional, help: "Worker threads of a rank (default: its share of the cores).")
    var threads: Int?

    @Option(parsing: .unconditional, help: "Start this many ranks with mpirun.")
    var np: Int?

    func validate() throws {
        try CommandLine.check(split: split)
        try CommandLine.check(threads: threads, np: np)
        try CommandLine.check(dropoutSamples: dropoutSamples)
    }

    func run() throws {
        if let np { try Job.launch(ranks: np, threads: threads, arguments: CommandLine.arguments(without: ["--np"])) }
        try Job.run("evaluate") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            try Job.warnOfOversubscription(threads: threads, ranks)
            let evaluation = try weights.evaluate(
                split.flatMap { DataPart(rawValue: $0) } ?? .test, ranks, threads: threads,
                dropoutSamples: dropoutSamples ?? 0)
            if confusion, evaluation.confusions.isEmpty { throw TrainingError.noConfusion(path: source) }
            if ranks.rank == 0 {
                for note in evaluation.notes { StandardError.write("warning: \(note)") }
                if confusion { for matrix in evaluation.confusions { try print(ConfusionText(matrix).text) } }
                for baseline in evaluation.baselines { try print(BaselineText.line(baseline) { $0.name }) }
                let figures = evaluation.metrics.map { "\($0.name)=\($0.value)" }
                try print((["samples=\(evaluation.samples)"] + figures).joined(separator: " "))
            }
            if let bad = evaluation.metrics.first(where: { !$0.value.isFinite }) {
                throw TrainingError.nonFiniteEvaluation(path: source, metric: bad.name)
            }
            return ExitCode.done.rawValue
        }
    }
}
