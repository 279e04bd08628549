import ArgumentParser
import Foundation
import JobHealth
import Reporting
import Training

/// Lets trained weights go on with a text, answer or speak.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a trained model go on with a text by itself, write an answer, or make a sound.",
        discussion: "It writes each character as soon as it has it. The same weights, options and seed give the same "
            + "text. The data set that the weights were trained on is not needed. A model with an encoder gives its "
            + "answer, a model of sound levels writes a WAV file.")

    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    var source: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The text to go on with; in [brackets] it is shown in brackets, which the model does not see. Without it "
                + "the text begins as after a line's end."))
    var prime: String?

    @Option(parsing: .unconditional, help: "Characters to write after the prime (default: 500); words of an answer.")
    var length: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What scores are divided by: below 1 the likely becomes likelier, 0 takes the likeliest everywhere "
                + "(default: 1; the likeliest answer of an encoder and a decoder)."))
    var temperature: Double?

    @Option(parsing: .unconditional, help: "Draw from so many of the likeliest tokens (default: all).")
    var topK: Int?

    @Option(parsing: .unconditional, help: "Key of what is drawn.")
    var seed = 1

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The class of another input of the model, for all that is generated, or the words that an encoder reads.",
            valueName: "field=value"))
    var given: [String] = []

    @Option(parsing: .unconditional, help: "Beginnings that the search for an answer keeps (default: 1).")
    var beams: Int?

    @Option(parsing: .unconditional, help: "The WAV file that a model of sound writes.")
    var out: String?

    @Option(parsing: .unconditional, help: "Seconds of sound (default: 1).")
    var seconds: Double?

    @Option(help: "The folder that holds the data sets, for weights that do not say what they need of them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    func validate() throws {
        if let length, !(1...1_000_000_000).contains(length) {
            throw ValidationError("--length \(length): give 1 to 1000000000")
        }
        if let temperature, !(temperature >= 0 && temperature <= 1e6) {
            throw ValidationError("--temperature \(temperature): give a number from 0 to 1000000")
        }
        if let topK, topK < 1 { throw ValidationError("--top-k \(topK): give at least 1") }
        if let beams, !(1...1000).contains(beams) { throw ValidationError("--beams \(beams): give 1 to 1000") }
        if let seconds, !(seconds > 0 && seconds <= 3600) {
            throw ValidationError("--seconds \(seconds): give a number above 0, at most 3600")
        }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
        _ = try conditions()
    }

    func run() throws {
        var request = GenerationRequest()
        request.prime = prime
        request.given = try conditions()
        request.length = length
        request.temperature = temperature.map { Float($0) }
        request.topK = topK
        request.beams = beams
        request.out = out
        request.seconds = seconds
        request.seed = UInt64(seed)
        let asked = request
        try Job.run("generate") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            let generator = try weights.makeGenerator(ranks)
            Activity.enter(.evaluation)
            if ranks.rank == 0 { try generator.generate(asked) { try StandardOutput.write($0) } }
            return ExitCode.done.rawValue
        }
    }

    private func conditions() throws -> [(field: String, value: String)] {
        try given.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ValidationError("--given \(text): give FIELD=VALUE")
            }
            return (parts[0], parts[1])
        }
    }
}
