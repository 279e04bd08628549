import ArgumentParser
import Checkpointing
import Foundation
import NeuralNetwork
import TensorCore
import Training

/// How the values of each layer are spread.
package struct ActivationLook: LookKind {
    package static let name = "activations"
    package static let abstract =
        "Each layer's values over a data set: mean, deviation, histogram, active, dead and saturated units."
    package static let discussion = """
        A value is active where it is above 0. A unit (a channel of an image) is dead where a rectifier lets it \
        through for no sample at any position. A value of a sigmoid is saturated within 0.05 of 0 or 1, of a tanh \
        within 0.05 of ±1. With --checkpoints a line is added for each checkpoint of the run.
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(parsing: .upToNextOption, help: "The layers; all that compute something if absent.")
    package var nodes: [String] = []

    @Flag(help: "Over the checkpoints of the run too.")
    package var checkpoints = false

    package init() {}
    package var source: RunArguments? { run }

    package func page(_ job: LookJob) throws -> LookPage {
        let (names, last, samples) = try measured(run, job)
        var page = LookPage(
            "Activations",
            lead:
                "Over \(samples) samples. Histograms reach from each layer's smallest to its largest value; the red "
                + "line is 0.",
            figures: [
                ("samples", "\(samples)"), ("layers", "\(names.count)"),
                ("dead", "\(last.reduce(0) { $0 + ($1.deadUnits ?? 0) })"),
            ],
            parts: [
                .pictures(Self.histograms(last, names)),
                .table(
                    LookTable(
                        "Each layer.", head: ["layer"] + ActivationFigures.head,
                        rows: zip(names, last).map { [$0] + $1.row })),
            ])
        if checkpoints {
            let folder = RunDirectory(run.folder).checkpoints
            let entries = try job.ranks.together {
                let found = try? CheckpointStore(directory: folder, keep: 1).entries()
                guard let found, !found.isEmpty else { throw InspectionError.noCheckpoints(path: run.run) }
                return found
            }
            var rows: [[String]] = []
            for entry in entries {
                var own = run
                own.run = entry.path
                let (names, figures, _) = try measured(own, job)
                rows += zip(names, figures).map { ["\($0), step \(entry.step)"] + $1.row }
            }
            page.parts.append(
                .table(LookTable("At each checkpoint.", head: ["layer"] + ActivationFigures.head, rows: rows)))
        }
        return page
    }

    /// The layers, what each comes to, and over how many samples. Collective.
    private func measured(_ run: RunArguments, _ job: LookJob) throws -> ([String], [ActivationFigures], Int) {
        let subject = try Subject(run, part: walk.part, limit: walk.count, job)
        let model = subject.model
        let nodes = try job.ranks.together {
            try self.nodes.isEmpty
                ? zip(model.nodes, model.isInferredNode).filter {
                    $1 && !["input", "flatten", "dropout", "unflatten"].contains($0.kind)
                }.map(\.0) : self.nodes.map(subject.node)
        }
        let field = try job.ranks.together { try subject.inputField() }
        let graph = try TappedGraph(model, to: nodes.map(\.name))
        let walker = try subject.evaluator(fields: [field.name])
        func sums(_ ranges: [ClosedRange<Double>]?) throws -> [[Double]] {
            try walker.map { context in
                let values = graph.values(context, from: field.name)
                return zip(values, nodes).enumerated().flatMap { index, pair in
                    ranges.map { ActivationFigures.histogram(pair.0, in: $0[index]) }
                        ?? ActivationFigures.sums(pair.0, of: pair.1)
                } + (ranges == nil ? [Double(context.count)] : [])
            }.filter { !$0.isEmpty }
        }
        let first = try sums(nil)
        var figures = nodes.map { ActivationFigures($0) }
        for grain in first {
            var place = 0
            for index in figures.indices { place += figures[index].add(grain[place...]) }
        }
        for grain in try sums(figures.map(\.range)) {
            for index in figures.indices {
                let bins = ActivationFigures.bins
                for bin in 0..<bins { figures[index].counts[bin] += grain[index * bins + bin] }
            }
        }
        return (nodes.map(\.name), figures, first.reduce(0) { $0 + Int($1.last ?? 0) })
    }

    /// A bar chart for each layer.
    private static func histograms(_ figures: [ActivationFigures], _ names: [String]) -> PictureSheet {
        let (height, width) = (100, 4 * ActivationFigures.bins)
        var values: [Float] = []
        for figure in figures {
            var canvas = Canvas(height: height, width: width)
            let largest = figure.counts.max() ?? 1
            for (bin, count) in figure.counts.enumerated() where count > 0 {
                // The square root, so that a peak at 0 leaves the others to be seen.
                let top = height - max(1, Int((Double(height - 4) * (count / largest).squareRoot()).rounded()))
                canvas.fill(top..<height, 4 * bin..<4 * bin + 3, [0, 114, 178])
            }
            let range = figure.range
            if range.contains(0), range.upperBound > range.lowerBound {
                let place = Int(-range.lowerBound / (range.upperBound - range.lowerBound) * Double(width - 1))
                canvas.fill(0..<height, place..<place + 1, [213, 94, 0])
            }
            values += canvas.values
        }
        let labels = zip(names, figures).map {
            "\($0): \(ActivationFigures.number($1.range.lowerBound)) to "
                + "\(ActivationFigures.number($1.range.upperBound))"
        }
        return PictureSheet(
            caption: "Histograms; heights are square roots of counts.", values: values, height: height, width: width,
            channels: 3, columns: 4, labels: labels, enlargement: 1)
    }
}
