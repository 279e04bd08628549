import ArgumentParser
import Foundation
import JobHealth
import Training

/// Applies trained weights to samples.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply trained weights to samples: a line a sample with what the model says of it.",
        discussion: "A class comes with its probability, a real number by itself. The data set that the weights were "
            + "trained on is not needed.")

    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    var source: String

    @Argument(
        help: ArgumentHelp(
            "Samples: pictures of any size (JPEG or PNG), IDX image files (plain or .gz), CIFAR-10 batches (.bin), "
                + "images as PGM or PPM of the model's size; for weights trained on a table, a table; or, for any "
                + "model, a safetensors file with a tensor [samples, …] of raw values for each field that it takes, in "
                + "PyTorch's order of axes."))
    var files: [String]

    @Option(help: "Write the outputs of the last layers of all samples to this safetensors file, instead of lines.")
    var outputs: String?

    @Option(
        parsing: .unconditional,
        help: "Average what this many networks with dropout masks of their own predict, instead of scaling.")
    var dropoutSamples: Int?

    @Option(help: "The folder that holds the data sets, for weights that do not say what they need of them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    func validate() throws { try CommandLine.check(dropoutSamples: dropoutSamples) }

    func run() throws {
        try Job.run("predict") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            let predictor = try weights.makePredictor(ranks, dropoutSamples: dropoutSamples ?? 0)
            Activity.enter(.evaluation)
            if let outputs {
                if ranks.rank == 0 { try predictor.write(files: files, to: outputs) }
                return ExitCode.done.rawValue
            }
            for file in files {
                try predictor.predict(file: file) { index, answers in
                    if ranks.rank != 0 { return }
                    let text = answers.map(\.text).joined(separator: "  ")
                    try Activity.waitingForReader { try print("\(file)[\(index)]: \(text)") }
                }
            }
            return ExitCode.done.rawValue
        }
    }
}
