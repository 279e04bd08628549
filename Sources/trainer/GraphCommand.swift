import ArgumentParser
import Foundation
import Inspection
import JobHealth
import NeuralNetwork
import Reporting
import System
import Training

/// Draws the computational graph of a network.
struct GraphCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draw a network as a computational graph: layers, shapes, weights, losses.",
        discussion: """
            An .svg file is a picture that browsers show; a .dot file is for Graphviz. --unroll shows the first steps \
            of a recurrent network beside each other, with U, V and W once. --backward adds what backpropagation \
            computes, against the arrows.
            """)

    @Argument(help: "A configuration, a file that has 'model:' alone, or the name of a ready-made model.")
    var source: String

    @Option(help: ArgumentHelp("The picture, a file that ends in .svg or .dot.", valueName: "file"))
    var out: String

    @Option(parsing: .unconditional, help: "Parts of their names that layers of one box have in common: 1 for blocks.")
    var depth: Int?

    @Option(parsing: .unconditional, help: "Steps of a recurrent network to show.")
    var unroll: Int?

    @Flag(help: "Gradients too.")
    var backward = false

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a key of the configuration, for example model=lenet5.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "The folder that holds the data sets (instead of TRAINER_DATA).")
    var data: String?

    func validate() throws {
        guard out.hasSuffix(".svg") || out.hasSuffix(".dot") else {
            throw ValidationError("--out \(out): give a name that ends in .svg or .dot")
        }
        if !overrides.isEmpty, ZooModel.all.contains(where: { $0.name == source }) {
            throw ValidationError("--set changes a configuration, and \(source) is a ready-made model; leave --set out")
        }
        if let depth, depth < 1 { throw ValidationError("--depth \(depth): give at least 1") }
        if let unroll, !(1...64).contains(unroll) { throw ValidationError("--unroll \(unroll): give 1 to 64") }
        if depth != nil, unroll != nil {
            throw ValidationError("--depth joins layers and --unroll takes them apart; give one of the two")
        }
    }

    func run() throws {
        guard Job.announcedRank == 0 else { return }
        var environment = ProcessInfo.processInfo.environment
        if let data { environment["TRAINER_DATA"] = data }
        try LookFiles.prepare(file: out, option: "--out")
        let outline = try NetworkOutline(source, overrides: overrides, environment: environment)
        var graph = try unroll.map { try DrawnGraph(outline, unrolled: $0) } ?? DrawnGraph(outline, depth: depth)
        if backward { graph.showBackward() }
        let text = out.hasSuffix(".svg") ? GraphSVG(graph).text : GraphDOT(graph).text
        try LookFiles.write(text, to: out)
        try print("nodes=\(graph.nodes.count) edges=\(graph.edges.count) \(out)")
    }
}
