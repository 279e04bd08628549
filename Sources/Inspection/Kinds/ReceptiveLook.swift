import ArgumentParser
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// The pixels that move a unit.
package struct ReceptiveLook: LookKind {
    package static let name = "receptive"
    package static let abstract =
        "The pixels of the input that move a layer's unit: the theoretical box beside measured gradients."
    package static let discussion = """
        The box is what the windows of the layers before can reach (Araujo et al. 2019), as `summary` says. The \
        gradient is the mean over drawn inputs of |∂ unit / ∂ pixel|, summed over the layer's channels at one \
        position; it is exactly 0 outside the box, and most of it lies in the middle of the box (Luo et al. 2016).
        """

    @OptionGroup package var run: RunArguments

    @Option(help: "The layer; the last one with positions if absent.")
    package var node: String?

    @Option(help: ArgumentHelp("The position, such as 3,5; the middle one if absent.", valueName: "row,column"))
    package var position: NumberList?

    @Option(help: "Inputs of normal noise that are drawn.")
    package var draws: Int = 16

    @Option(help: "Key of what is drawn.")
    package var seed: Int = 1

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(1...100_000).contains(draws) { throw ValidationError("--draws \(draws): give 1 to 100000") }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
        if let position,
            position.numbers.count != 2 || position.numbers.contains(where: { $0 < 0 || $0 != $0.rounded() })
        {
            throw ValidationError("--position: give a row and a column, such as 3,5")
        }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, job)
        return try job.ranks.together {
            let field = try subject.pictureField()
            let model = subject.model
            let layers = zip(model.nodes, model.isInferredNode).filter {
                $1 && $0.shape.rank == 3 && $0.kind != "input"
            }
            .map(\.0)
            guard let last = layers.last else {
                throw InspectionError.unsuitableModel(
                    path: subject.weights.path, problem: "its model has no layer with positions; give another --model")
            }
            let found = try node.map(subject.node) ?? last
            guard found.shape.rank == 3 else {
                throw InspectionError.unsuitableNode(
                    name: found.name, problem: "has no positions", known: layers.map(\.name))
            }
            let place = position.map { $0.numbers.map { Int($0) } } ?? [found.shape[0] / 2, found.shape[1] / 2]
            guard place[0] < found.shape[0], place[1] < found.shape[1] else {
                throw InspectionError.option(
                    name: "position",
                    problem: "'\(found.name)' has \(found.shape[0])×\(found.shape[1]) positions, from 0")
            }
            // Fast convolutions leave a trace of rounding where the gradient is 0.
            let exact = try ResizedModel(
                subject, height: field.shape[0], width: field.shape[1], nodes: [found.name], convolutions: .im2col)
            let measured = try subject.withTape(model: exact) { tape in
                try MeasuredField(
                    exact.model, node: found, row: place[0], column: place[1], draws: draws,
                    key: RandomKey(seed: UInt64(seed)), on: tape)
            }
            return page(subject, found, place, measured, layers, field.shape)
        }
    }

    private func page(
        _ subject: Subject, _ node: GraphNode, _ place: [Int], _ measured: MeasuredField, _ layers: [GraphNode],
        _ shape: Shape
    ) -> LookPage {
        // A logarithmic scale over four decades; the box is drawn around its pixels.
        let peak = measured.gradient.max() ?? 0
        let heat = measured.gradient.map { $0 > 0 && peak > 0 ? max(0, 1 + log10($0 / peak) / 4) : 0 }
        let zoom = max(1, 360 / max(shape[0], shape[1]))
        var canvas = Canvas(height: shape[0] * zoom, width: shape[1] * zoom, color: [0, 0, 0])
        for y in 0..<shape[0] {
            for x in 0..<shape[1] {
                let value = heat[y * shape[1] + x]
                let color = value > 0 ? Shade.heat(value) : [24, 24, 24]
                canvas.fill(y * zoom..<(y + 1) * zoom, x * zoom..<(x + 1) * zoom, color)
            }
        }
        let (rows, columns) = (measured.rows, measured.columns)
        canvas.outline(
            rows.lowerBound * zoom..<rows.upperBound * zoom, columns.lowerBound * zoom..<columns.upperBound * zoom,
            [255, 80, 80])
        let table = LookTable(
            "The theoretical field of each layer: pixels along each axis, and how far the fields of neighbours are "
                + "apart.",
            head: ["layer", "rows", "columns", "step"],
            rows: layers.map { layer in
                layer.field.isWhole
                    ? [layer.name, "all", "all", ""]
                    : [layer.name] + layer.field.axes.map { number($0.size) } + [number(layer.field.axes[0].step)]
            })
        let axes = node.field.axes
        var page = LookPage(
            "Receptive field of \(node.name)",
            lead: "What moves position \(place[0]), \(place[1]): the red frame is the theoretical box, cut off at the "
                + "picture's border; colours are the mean gradient on a logarithmic scale of four decades, grey is "
                + "exactly 0.",
            figures: [
                ("node", node.name), ("theoretical", axes.map { number($0.size) }.joined(separator: "x")),
                ("measured", "\(measured.moved.rows.count)x\(measured.moved.columns.count)"),
                ("outside", "\(measured.outside)"),
            ], parts: [.pictures(canvas.sheet("", caption: "The gradient.")), .table(table)])
        page.tensors = [LookTensor("gradient", shape: [shape[0], shape[1], 1], values: measured.gradient)]
        return page
    }

    private func number(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}
