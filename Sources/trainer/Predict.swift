import ArgumentParser
import Foundation
import JobHealth
import Training

/// Classifies samples with trained weights.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Classify samples with trained weights: a line a sample with the class and its probability.")

    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    var source: String

    @Argument(
        help:
            ArgumentHelp(
                "Samples: IDX image files (plain or .gz), CIFAR-10 batches (.bin), or images as PGM or PPM of the "
                    + "model's size.")
    )
    var files: [String]

    @Option(
        help: "The folder that holds the data sets, if not where the run had them (for the training set's statistics).")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    func run() throws {
        try Job.run("predict") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            let predictor = try weights.makePredictor(ranks)
            Activity.enter(.evaluation)
            for file in files {
                try predictor.predict(file: file) { index, prediction in
                    if ranks.rank != 0 { return }
                    Activity.waitingForReader {
                        print("\(file)[\(index)]: \(prediction.name) probability=\(prediction.probability)")
                    }
                }
            }
            return ExitCode.done.rawValue
        }
    }
}
