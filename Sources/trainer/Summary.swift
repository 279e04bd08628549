import ArgumentParser
import Foundation
import Training

/// Prints what each layer of a model costs.
struct Summary: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Per layer: output shape, parameters, multiply-adds, activation memory; totals.")

    @Argument(help: "A configuration, or the name of a ready-made model.")
    var config: String

    func run() throws {
        let text = try ModelSummary(config).text
        if Job.announcedRank == 0 { print(text, terminator: "") }
    }
}

/// Prints the identity of weights.
struct Digest: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "SHA-256 of the weights alone: names, shapes, values; the same for a checkpoint and the final file made "
            + "from it."
    )

    @Argument(help: "A weights or checkpoint file.")
    var file: String

    func run() throws {
        let digest = try ModelSummary.digest(ofFile: file)
        if Job.announcedRank == 0 { print(digest) }
    }
}
