import ArgumentParser
import Foundation
import JobHealth
import Training

/// Writes what a layer makes of samples.
struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write what a layer of trained weights makes of samples, as numbers for other programs.",
        discussion: "Of samples of the run's data their classes are written too.")

    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    var source: String

    @Argument(help: "Samples, as `predict` takes them; those of the run's data if absent.")
    var files: [String] = []

    @Option(help: ArgumentHelp("The layer; `model.layer` where the run has several models.", valueName: "name"))
    var node: String

    @Option(
        help: ArgumentHelp(
            "The part of the run's data: \(DataPart.allCases.map(\.rawValue).joined(separator: ", ")) "
                + "(default: test).", valueName: "part"))
    var split: String?

    @Option(help: ArgumentHelp("The file: a table where it ends in .csv, else safetensors.", valueName: "file"))
    var out: String

    @Option(help: "The folder that holds the data sets, if not where the run had them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    func validate() throws {
        try CommandLine.check(split: split)
        if split != nil, !files.isEmpty {
            throw ValidationError("--split names a part of the run's data, and files are others; give one of the two.")
        }
    }

    func run() throws {
        try Job.run("features") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            Activity.enter(.evaluation)
            let part = split.flatMap { DataPart(rawValue: $0) } ?? .test
            let table =
                files.isEmpty
                ? try weights.features(of: node, part: part, ranks)
                : try weights.features(of: node, files: files, ranks)
            if ranks.rank == 0 {
                try table.write(to: out)
                try print("samples=\(table.count) values=\(table.shape.count) \(out)")
            }
            return ExitCode.done.rawValue
        }
    }
}
