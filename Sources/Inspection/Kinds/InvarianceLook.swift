import ArgumentParser
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// What moving a picture changes.
package struct InvarianceLook: LookKind {
    package static let name = "invariance"
    package static let abstract =
        "Accuracy by how far pictures are shifted, and how often the answer stays; also how a layer's maps follow."
    package static let discussion = """
        What comes in at the border is background. The shift error of a layer (--node) is ‖f(shifted x) − shifted \
        f(x)‖ / ‖f(x)‖ for shifts that are whole steps of its positions, over positions whose fields lie inside the \
        picture before and after; 0 is equivariance.
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(help: "The farthest shift in pixels.")
    package var reach: Int = 6

    @Option(help: "How far shifts are apart.")
    package var step: Int = 2

    @Option(help: "A layer with positions whose shift error is measured too.")
    package var node: String?

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(0...256).contains(reach) { throw ValidationError("--reach \(reach): give 0 to 256") }
        if step < 1 { throw ValidationError("--step \(step): give at least 1") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: walk.part, limit: walk.count, job)
        let (classifier, field, layer) = try job.ranks.together {
            (try subject.classifier(), try subject.pictureField(), try shiftedLayer(subject))
        }
        let axis = Array(stride(from: -(reach / step) * step, through: reach, by: step))
        let shifts = axis.flatMap { down in axis.map { (right: $0, down: down) } }
        let fill = GivenSamples(field: field, preprocessing: subject.preprocessing(of: field)).background
        let graph = try TappedGraph(subject.model, to: [classifier.scores])
        let equivariance = try layer.map { try ShiftError(subject.model, node: $0) }
        let shape = field.shape
        let sums = try subject.evaluator(fields: [field.name, classifier.target.name]).map { context in
            let classes = context.batch.integers(classifier.target.name).values.map { Int($0) }
            let batch = context.batch.input(field.name, pool: context.tape.pool)
            func moved(_ shift: (right: Int, down: Int)) -> Tensor {
                let values = (0..<classes.count).flatMap { row in
                    Resampling.shifted(
                        UnsafeBufferPointer(start: batch.pointer + row * shape.count, count: shape.count),
                        height: shape[0], width: shape[1], channels: shape[2], right: shift.right, down: shift.down,
                        fill: fill)
                }
                return Tensor(values, batch.shape, pool: context.tape.pool)
            }
            func chosen(_ batch: Tensor) -> [Int] {
                let scores = graph.values([batch], on: context.tape)[0]
                let width = scores.count / max(classes.count, 1)
                return classes.indices.map { largest(scores.pointer + $0 * width, width) }
            }
            let original = chosen(batch)
            var numbers = [Double(classes.count)]
            for shift in shifts {
                let image = moved(shift)
                let own = chosen(image)
                numbers.append(Double(zip(own, classes).count { $0 == $1 }))
                numbers.append(Double(zip(own, original).count { $0 == $1 }))
                let error = equivariance?.squares(batch, image, shift, on: context.tape) ?? (0, 0)
                numbers += [error.difference, error.size]
            }
            return numbers
        }.filter { !$0.isEmpty }
        let total = sums.reduce([Double](repeating: 0, count: 1 + 4 * shifts.count)) { zip($0, $1).map(+) }
        return page(subject, axis, shifts, total, layer)
    }

    private func shiftedLayer(_ subject: Subject) throws -> GraphNode? {
        guard let node else { return nil }
        let found = try subject.node(node)
        guard found.shape.rank == 3, found.field.axes.count == 2, !found.field.isWhole else {
            let known = subject.model.nodes.filter { $0.shape.rank == 3 && !$0.field.isWhole && $0.kind != "input" }
            throw InspectionError.unsuitableNode(name: node, problem: "has no positions", known: known.map(\.name))
        }
        return found
    }

    private func page(
        _ subject: Subject, _ axis: [Int], _ shifts: [(right: Int, down: Int)], _ total: [Double], _ layer: GraphNode?
    ) -> LookPage {
        let samples = max(total[0], 1)
        func share(_ kind: Int) -> [Double] { shifts.indices.map { total[1 + 4 * $0 + kind] / samples } }
        let (accuracy, agreement) = (share(0), share(1))
        let errors: [Double?] = shifts.indices.map { index in
            let (difference, size) = (total[3 + 4 * index], total[4 + 4 * index])
            return size > 0 ? (difference / size).squareRoot() : nil
        }
        let middle = axis.count / 2 * axis.count + axis.count / 2
        let cell = max(4, 360 / axis.count)
        func picture(_ name: String, _ caption: String, _ values: [Double]) -> LookPage.Part {
            .pictures(
                PictureSheet(
                    name, caption: caption,
                    values: values.flatMap { Shade.heat(Float($0)) }, height: axis.count, width: axis.count,
                    channels: 3,
                    columns: 1, enlargement: cell))
        }
        func table(_ caption: String, _ values: [String]) -> LookPage.Part {
            .table(
                LookTable(
                    caption, head: ["down \\ right"] + axis.map(String.init),
                    rows: axis.enumerated().map { row, down in
                        ["\(down)"] + axis.indices.map { values[row * axis.count + $0] }
                    }))
        }
        func text(_ value: Double) -> String { String(format: "%.3f", value) }
        var page = LookPage(
            "Invariance of \(subject.model.name) to shifts",
            lead:
                "\(Int(total[0])) samples, shifted right and down by the pixels at the margins. Yellow is 1, dark "
                + "blue 0.",
            figures: [
                ("samples", "\(Int(total[0]))"), ("accuracy", text(accuracy[middle])),
                ("leastAccuracy", text(accuracy.min() ?? 0)), ("leastAgreement", text(agreement.min() ?? 0)),
            ],
            parts: [
                picture("", "Accuracy.", accuracy), table("Accuracy.", accuracy.map(text)),
                picture("agreement", "How many samples are taken for the class of the unshifted one.", agreement),
                table("Agreement.", agreement.map(text)),
            ])
        if let layer {
            let largest = errors.compactMap(\.self).max() ?? 0
            page.figures.append(("shiftError", "\(Float(largest))"))
            page.parts.append(
                table(
                    "Shift error of \(layer.name), whose positions are \(layer.field.axes[0].step) pixels apart.",
                    errors.map { $0.map { String(format: "%.2g", $0) } ?? "" }))
        }
        return page
    }
}
