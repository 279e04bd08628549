import ArgumentParser
import Foundation
import JobHealth
import Reporting
import System
import Training

/// Lets trained weights make samples.
struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a trained model make samples: those of a GAN's generator, as a sheet of pictures or numbers.",
        discussion: "Sample i depends on the weights, the seed and i alone. The data set that the weights were trained "
            + "on is not needed.")

    @Argument(help: "A run directory, or a weights or checkpoint file, which may hold the generator alone.")
    var source: String

    @Option(parsing: .unconditional, help: "Samples to make.")
    var count = 64

    @Option(parsing: .unconditional, help: "Key of what is drawn.")
    var seed = 1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The file to write: .png for a sheet of pictures, .safetensors for a tensor of raw values, which 'trainer "
                + "predict' reads."))
    var out: String

    @Option(parsing: .unconditional, help: "Pictures in a row (default: 8, or those of --interpolate).")
    var columns: Int?

    @Option(
        parsing: .unconditional,
        help: "Let each row of so many pictures go from one drawn sample to another.")
    var interpolate: Int?

    @Option(help: "The folder that holds the data sets, for weights that do not say what they need of them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    @Option(parsing: .unconditional, help: "Worker threads of a rank (default: its share of the cores).")
    var threads: Int?

    @Option(parsing: .unconditional, help: "Start this many ranks with mpirun.")
    var np: Int?

    func validate() throws {
        try CommandLine.check(threads: threads, np: np)
        if !(1...1_000_000).contains(count) { throw ValidationError("--count \(count): give 1 to 1000000") }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
        if let columns, !(1...1000).contains(columns) { throw ValidationError("--columns \(columns): give 1 to 1000") }
        if let interpolate, !(2...1000).contains(interpolate) {
            throw ValidationError("--interpolate \(interpolate): give 2 to 1000")
        }
        if ![".png", ".safetensors"].contains(where: out.hasSuffix) {
            throw ValidationError("--out \(out): give a name that ends with .png or .safetensors")
        }
    }

    func run() throws {
        if let np { try Job.launch(ranks: np, threads: threads, arguments: CommandLine.arguments(without: ["--np"])) }
        let request = SamplingRequest(count: count, seed: UInt64(seed), interpolation: interpolate)
        try Job.run("sample") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            let sampler = try weights.makeSampler(ranks, threads: threads)
            Activity.enter(.evaluation)
            let samples = try sampler.make(request)
            try ranks.together { if ranks.rank == 0 { try write(samples) } }
            return ExitCode.done.rawValue
        }
    }

    private func write(_ samples: MadeSamples) throws {
        guard out.hasSuffix(".png") else { return try samples.write(to: out) }
        guard let shape = samples.pictureShape else {
            throw SamplingError.noPictures(path: source, field: samples.field.name)
        }
        let sheet = try PNGFile.sheet(
            samples.values, count: samples.count, height: shape.height, width: shape.width, channels: shape.channels,
            columns: min(columns ?? interpolate ?? 8, samples.count))
        try AtomicFile.write(bytes: Array(sheet), to: out)
    }
}

/// Writes one model of a run to a file of its own.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the weights of one of a run's models to a file that needs no other.",
        discussion: "Of a generative adversarial network that has been trained, the generator is all that 'trainer "
            + "sample' needs: trainer export runs/dcgan-mnist --model generator --out generator.safetensors")

    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    var source: String

    @Option(help: "The model's name.")
    var model: String

    @Option(help: "The safetensors file to write.")
    var out: String

    @Option(help: "The folder that holds the data sets, for weights that do not say what they need of them.")
    var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    var config: String?

    func run() throws {
        try Job.run("export") { ranks, _ in
            let weights = try ranks.together { try TrainedWeights(source, config: config, data: data) }
            try weights.export(model: model, to: out, ranks)
            return ExitCode.done.rawValue
        }
    }
}
