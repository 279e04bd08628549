import ArgumentParser
import Foundation
import Training

/// Prints what a model consists of and costs.
struct Summary: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Per layer: shape, weights, biases, multiply-adds, what it sees of the input, activations; totals.",
        discussion: """
            All is for one sample. Multiplications and additions are those of a forward pass in evaluation by the \
            direct algorithm; comparisons and functions such as exp are not counted. Auxiliary heads, which evaluation \
            leaves out, are marked 'aux', and a last line is without them. A position 'sees' so many \
            pixels of the input along each axis (its receptive field), and its neighbour's lie a 'step' further. \
            Activations are the values that cannot take the place of others, as a ReLU's and flattened ones can.
            """)

    @Argument(help: "A configuration, a file that has 'model:' alone, or the name of a ready-made model.")
    var config: String

    @Option(
        parsing: .unconditional,
        help: "Shape of a sample, channels last, such as 227,227,3, instead of the model's or the data's.")
    var input: String?

    @Option(parsing: .unconditional, help: "Classes of a ready-made model, instead of those it was made for.")
    var classes: Int?

    @Option(parsing: .unconditional, help: "Tokens or classes of the input, for layers that tell them apart.")
    var vocabulary: Int?

    @Option(
        parsing: .unconditional,
        help: "Columns, such as output,parameters: \(SummaryColumn.allCases.map(\.rawValue).joined(separator: ", ")).")
    var columns: String?

    @Flag(help: "All columns, for a wide terminal.")
    var wide = false

    @Option(parsing: .unconditional, help: "Parts of their names that layers of one line have in common: 1 for blocks.")
    var depth: Int?

    @Flag(help: "Each convolution beside the dense and the sparse matrix that would do the same.")
    var asMatrix = false

    @Flag(help: "Everything as one line of JSON.")
    var json = false

    func validate() throws {
        _ = try shape()
        for (name, value) in [("--classes", classes), ("--vocabulary", vocabulary), ("--depth", depth)] {
            if let value, value < 1 { throw ValidationError("\(name) \(value): give at least 1") }
        }
        let forms = [
            ("--columns", columns != nil), ("--wide", wide), ("--as-matrix", asMatrix), ("--json", json),
        ].filter(\.1).map(\.0)
        if forms.count > 1 {
            throw ValidationError("\(forms.joined(separator: " and ")) exclude each other; give one of them")
        }
        if asMatrix, depth != nil { throw ValidationError("--as-matrix shows every convolution; leave --depth out") }
    }

    func run() throws {
        let choice = ModelSummary.Choice(input: try shape(), classes: classes, vocabulary: vocabulary)
        let columns = try self.columns.map(SummaryColumn.list) ?? (wide ? SummaryColumn.wide : SummaryColumn.usual)
        let summary = try ModelSummary(config, choice, depth: depth)
        guard Job.announcedRank == 0 else { return }
        let text = try json ? summary.json() : asMatrix ? summary.matrixText : summary.text(columns: columns)
        try print(text, terminator: "")
    }

    /// What `--input` says.
    private func shape() throws -> [Int]? {
        guard let input else { return nil }
        let extents = input.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard (1...5).contains(extents.count), extents.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--input \(input): give one to five positive extents, such as 227,227,3")
        }
        return extents
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
        if Job.announcedRank == 0 { try print(digest) }
    }
}
