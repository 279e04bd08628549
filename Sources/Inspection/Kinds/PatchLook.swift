import ArgumentParser
import Foundation
import NeuralNetwork
import TensorCore

/// What excites each unit of a layer most.
package struct PatchLook: LookKind {
    package static let name = "patches"
    package static let abstract =
        "The nine patches of a data set that most excite each unit of a layer, and the pixels responsible."
    package static let discussion = """
        As Zeiler and Fergus 2014, figure 2, with guided backpropagation in the place of the deconvolutional \
        network. A sample gives each unit (a channel) one patch at most, the place where it is largest; the patch is \
        what the unit sees of the picture there. Where a unit is 0, it is not excited, and has no patch.
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(help: "The layer; the last one with positions if absent.")
    package var node: String?

    @Option(help: "Units that are shown, from the first on.")
    package var units: Int = 16

    package init() {}
    package var source: RunArguments? { run }

    /// Patches of a unit.
    private static let best = 9

    package func validate() throws {
        if !(1...1024).contains(units) { throw ValidationError("--units \(units): give 1 to 1024") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: walk.part, limit: walk.count, job)
        let (field, found) = try job.ranks.together { (try subject.pictureField(), try layer(subject)) }
        let graph = try TappedGraph(subject.model, to: [found.name])
        let count = min(units, found.shape[-1])
        let rows = try subject.evaluator(fields: [field.name]).map { context in
            let batch = context.batch.input(field.name, pool: context.tape.pool)
            return Peaks.numbers(graph.values([batch], on: context.tape)[0], units: count)
        }
        let peaks = Peaks(rows.filter { !$0.isEmpty }, units: count, best: Self.best).excited
        return try job.ranks.together { try page(subject, graph, found, peaks) }
    }

    private func layer(_ subject: Subject) throws -> GraphNode {
        let known = zip(subject.model.nodes, subject.model.isInferredNode).filter {
            $1 && $0.kind != "input" && $0.shape.rank == 3
        }.map(\.0)
        if let node {
            let found = try subject.node(node)
            guard found.shape.rank == 3 || found.shape.rank == 1 else {
                throw InspectionError.unsuitableNode(
                    name: node, problem: "is neither an image nor a vector", known: known.map(\.name))
            }
            return found
        }
        guard let last = known.last else {
            throw InspectionError.unsuitableModel(
                path: subject.weights.path, problem: "its model has no layer with positions; name another with --node")
        }
        return last
    }

    private func page(
        _ subject: Subject, _ graph: TappedGraph, _ node: GraphNode, _ peaks: Peaks
    ) throws -> LookPage {
        let field = try subject.pictureField()
        let (height, width) = (field.shape[0], field.shape[1])
        let boxes = peaks.all.joined().map { box(of: node, $0, height, width) }
        let patch = (boxes.map(\.rows.count).max() ?? 1, boxes.map(\.columns.count).max() ?? 1)
        var (pictures, pixels): ([Float], [Float]) = ([], [])
        var visible = 1
        for (unit, own) in peaks.all.enumerated() {
            let given = try subject.samples(numbered: own.map(\.sample), part: walk.part.rawValue)
            visible = given.visibleChannels
            for (index, peak) in own.enumerated() {
                let box = box(of: node, peak, height, width)
                let gradient = subject.withTape { tape in
                    graph.gradients([given.tensor(index..<index + 1, pool: tape.pool)], on: tape, rectifiers: .guided) {
                        let seed = Tensor($0[0].shape, pool: tape.pool)
                        seed.fill(0)
                        seed.pointer[peak.position * node.shape[-1] + unit] = 1
                        return [seed]
                    }.batch[0].values
                }
                let whole = given.visible(given.pixels(given.sample(index)))
                pictures += Self.cut(whole, width, visible, box, to: patch, fill: 40)
                let shades = given.visible(Shade.signed(gradient))
                pixels += Self.cut(shades, width, visible, box, to: patch, fill: 127.5)
            }
            // A unit that fewer samples than nine excite leaves empty places.
            let missing = Self.best - own.count
            pictures += [Float](repeating: 40, count: missing * patch.0 * patch.1 * visible)
            pixels += [Float](repeating: 127.5, count: missing * patch.0 * patch.1 * visible)
        }
        func sheet(_ name: String, _ caption: String, _ values: [Float]) -> LookPage.Part {
            .pictures(
                PictureSheet(
                    name, caption: caption, values: values, height: patch.0, width: patch.1, channels: visible,
                    columns: Self.best))
        }
        let rows = peaks.all.enumerated().map { unit, own in
            ["\(unit)"] + [own.first, own.last].map { $0.map { String(format: "%.4g", $0.value) } ?? "" }
                + [own.map { "\(subject.dataset?.sampleID(of: $0.sample) ?? $0.sample)" }.joined(separator: ", ")]
        }
        return LookPage(
            "Patches that excite \(node.name)",
            lead:
                "A row for each of \(peaks.all.count) units: the nine samples of \(peaks.samples) that excite it most, "
                + "cut to what the unit sees, and below the pixels responsible. A place is empty where no sample is "
                + "left that excites the unit.",
            figures: [
                ("node", node.name), ("units", "\(peaks.all.count)"), ("samples", "\(peaks.samples)"),
                ("patch", "\(patch.0)x\(patch.1)"), ("silent", "\(peaks.all.count(where: \.isEmpty))"),
            ],
            parts: [
                sheet("", "The patches.", pictures), sheet("pixels", "The pixels responsible.", pixels),
                .table(LookTable("The units.", head: ["unit", "largest", "ninth", "samples"], rows: rows)),
            ])
    }

    /// What the unit sees of a picture at the peak.
    private func box(of node: GraphNode, _ peak: Peaks.Peak, _ height: Int, _ width: Int) -> (
        rows: Range<Int>, columns: Range<Int>
    ) {
        guard node.shape.rank == 3, !node.field.isWhole, node.field.axes.count == 2 else {
            return (0..<height, 0..<width)
        }
        let (row, column) = peak.position.quotientAndRemainder(dividingBy: node.shape[1])
        return (
            node.field.axes[0].pixels(position: row, of: height), node.field.axes[1].pixels(position: column, of: width)
        )
    }

    /// A box of a picture in the middle of a tile.
    private static func cut(
        _ picture: [Float], _ width: Int, _ channels: Int, _ box: (rows: Range<Int>, columns: Range<Int>),
        to size: (Int, Int), fill: Float
    ) -> [Float] {
        var tile = [Float](repeating: fill, count: size.0 * size.1 * channels)
        let (top, left) = ((size.0 - box.rows.count) / 2, (size.1 - box.columns.count) / 2)
        for (y, row) in box.rows.enumerated() {
            for (x, column) in box.columns.enumerated() {
                for channel in 0..<channels {
                    tile[((top + y) * size.1 + left + x) * channels + channel] =
                        picture[(row * width + column) * channels + channel]
                }
            }
        }
        return tile
    }
}
