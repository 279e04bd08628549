import ArgumentParser
import Foundation
import JobHealth
import Reporting
import System
import Training

/// Draws samples above what an autoencoder makes of them.
struct Reconstruct: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw samples above what an autoencoder makes of them, as PNG.",
        discussion: "Of a denoising autoencoder the row between shows what it gets. The line that is printed says how "
            + "far reconstructions are from samples on average, as a sum of squares in the model's units.")

    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    var source: String

    @Argument(help: "Samples, as `predict` takes them; those of the test set if absent.")
    var files: [String] = []

    @Option(help: ArgumentHelp("The picture.", valueName: "file.png"))
    var out: String

    @Option(parsing: .unconditional, help: "How many samples, 16 in a row.")
    var count: Int = 16

    @Option(help: "The folder that holds the data sets, if not where the run had them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    func validate() throws {
        guard (1...4096).contains(count) else {
            throw ValidationError("--count \(count) is out of range; give 1 to 4096.")
        }
    }

    func run() throws {
        try Job.run("reconstruct") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            Activity.enter(.evaluation)
            let made = try weights.reconstructions(files: files, count: count, ranks)
            if ranks.rank == 0 {
                let sheet = made.pictures
                let png = try PNGFile.sheet(
                    sheet.values, count: sheet.count, height: sheet.height, width: sheet.width,
                    channels: sheet.channels, columns: sheet.columns)
                try AtomicFile.write(bytes: Array(png), to: out, isDurable: false)
                try print("samples=\(made.samples) squaredError=\(made.squaredError) \(out)")
            }
            return ExitCode.done.rawValue
        }
    }
}
