import ArgumentParser
import Autograd
import NeuralNetwork
import TensorCore

/// The weights of a layer as pictures.
package struct FilterLook: LookKind {
    package static let name = "filters"
    package static let abstract =
        "The filters of a layer: those over one or three channels as pictures, others as grey tiles."
    package static let discussion =
        "Middle grey is 0. Filters over more than three channels are a row of tiles, one for each channel. Weights "
        + "of a linear layer that reads an image are pictures of that image's size, others one picture with a "
        + "row for each output."

    @OptionGroup package var run: RunArguments

    @Option(help: "The layer; the first with weights if absent.")
    package var node: String?

    @Option(help: "What is as bright as can be: the largest weight of `each` filter, or of `all`.")
    package var scale: Scale = .each

    @Option(help: "The most filters, and the most channels of each, that are shown.")
    package var most: Int = 64

    package enum Scale: String, ExpressibleByArgument, Sendable { case each, all }

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(1...4096).contains(most) { throw ValidationError("--most \(most): give 1 to 4096") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, job)
        return try job.ranks.together {
            let (node, weight) = try Self.weight(of: node, in: subject)
            let shown = Filters(subject.values(of: weight), shape: weight.shape, of: node, in: subject.model)
            let sheet = shown.sheet(
                peaks: scale == .all ? [Float](repeating: shown.largest, count: shown.count) : nil, most: most)
            return LookPage(
                "Filters of \(node.name)",
                lead: "Weights \(weight.shape.description), channels last. Middle grey is 0; white and black are the "
                    + "largest magnitude of \(scale == .all ? "all filters" : "each filter").",
                figures: [
                    ("node", node.name), ("filters", "\(shown.count)"),
                    ("size", "\(shown.height)x\(shown.width)x\(shown.channels)"),
                ], parts: [.pictures(sheet)])
        }
    }

    /// A layer and its weights; the first that has some where no name is given.
    static func weight(of node: String?, in subject: Subject) throws -> (GraphNode, Parameter) {
        func own(_ node: GraphNode) -> Parameter? {
            subject.parameter("weight", of: node.name).flatMap { $0.shape.rank >= 2 ? $0 : nil }
        }
        let known = subject.model.nodes.filter { own($0) != nil }
        if let name = node {
            let found = try subject.node(name)
            guard let weight = own(found) else {
                throw InspectionError.unsuitableNode(
                    name: name, problem: "has no filters or matrix of weights", known: known.map(\.name))
            }
            return (found, weight)
        }
        guard let first = known.first, let weight = own(first) else {
            throw InspectionError.unsuitableModel(
                path: subject.weights.path, problem: "model \(subject.model.name) has no filters; give another --model")
        }
        return (first, weight)
    }
}
