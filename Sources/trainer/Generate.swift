import ArgumentParser
import Foundation
import JobHealth
import Reporting
import Training

/// Lets trained weights go on with a text.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a trained model go on with a text by itself.",
        discussion: "It writes each character as soon as it has it. The same weights, options and seed give the same "
            + "text. The data set that the weights were trained on is not needed.")

    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    var source: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The text to go on with; in [brackets] it is shown in brackets, which the model does not see. Without it "
                + "the text begins as after a line's end."))
    var prime: String?

    @Option(parsing: .unconditional, help: "Characters to write after the prime.")
    var length = 500

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What scores are divided by: below 1 the likely becomes likelier, 0 takes the likeliest everywhere."))
    var temperature = 1.0

    @Option(parsing: .unconditional, help: "Draw from so many of the likeliest tokens (default: all).")
    var topK: Int?

    @Option(parsing: .unconditional, help: "Key of what is drawn.")
    var seed = 1

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The class of another input of the model, for all that is generated.", valueName: "field=class"))
    var given: [String] = []

    @Option(help: "The folder that holds the data sets, for weights that do not say what they need of them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    func validate() throws {
        if !(1...1_000_000_000).contains(length) { throw ValidationError("--length \(length): give 1 to 1000000000") }
        if !(temperature >= 0 && temperature <= 1e6) {
            throw ValidationError("--temperature \(temperature): give a number from 0 to 1000000")
        }
        if let topK, topK < 1 { throw ValidationError("--top-k \(topK): give at least 1") }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
        _ = try conditions()
    }

    func run() throws {
        let request = GenerationRequest(
            prime: prime, given: try conditions(), length: length, temperature: Float(temperature), topK: topK,
            seed: UInt64(seed))
        try Job.run("generate") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            let generator = try weights.makeGenerator(ranks)
            Activity.enter(.evaluation)
            if ranks.rank == 0 { try generator.generate(request) { try StandardOutput.write($0) } }
            return ExitCode.done.rawValue
        }
    }

    private func conditions() throws -> [(field: String, value: String)] {
        try given.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ValidationError("--given \(text): give FIELD=CLASS")
            }
            return (parts[0], parts[1])
        }
    }
}
