import ArgumentParser
import Foundation
import NeuralNetwork
import TensorCore
import Training

/// Where a model finds what it looks for, drawn over pictures.
package struct PlaceLook: LookKind {
    package static let name = "places"
    package static let abstract =
        "What a model says of places: the class of each pixel, a box, or points, over pictures."
    package static let discussion =
        "What it says is pink, what is right is green; of masks each class has its colour, what is right stands in the "
        + "middle and what the model says on the right."

    @OptionGroup package var run: RunArguments
    @OptionGroup package var samples: SampleArguments

    package init() {}
    package var source: RunArguments? { run }

    /// What an output says of places.
    fileprivate enum Kind {
        case mask(classes: [String])
        case box
        case points

        init?(_ field: FieldDescription, picture: Shape) {
            switch field.meaning {
            case .classes(let names) where field.shape.dimensions == Array(picture.dimensions.prefix(2)):
                self = .mask(classes: names)
            case _ where field.isBox: self = .box
            case .real(["x", "y"]) where field.shape.rank == 2: self = .points
            default: return nil
            }
        }
    }

    private struct Output {
        let prediction: Prediction
        let kind: Kind
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: samples.part, job)
        return try job.ranks.together {
            let field = try subject.visiblePictureField()
            let outputs = subject.models.objectives.filter { $0.models.contains(subject.model.name) }
                .flatMap(\.predictions).compactMap { prediction in
                    Kind(prediction.target, picture: field.shape).map { Output(prediction: prediction, kind: $0) }
                }
            guard !outputs.isEmpty else {
                throw InspectionError.unsuitableModel(
                    path: run.run, problem: "no output says where something is: a class a pixel, a box or points")
            }
            let given = try subject.samples(samples, usual: 8)
            let graph = try TappedGraph(subject.model, to: outputs.map(\.prediction.output))
            let values = subject.withTape { tape in
                graph.values([given.tensor(0..<given.count, pool: tape.pool)], on: tape).map(\.values)
            }
            var page = LookPage(
                "Places of \(subject.model.name)", lead: Self.discussion,
                figures: [("samples", "\(given.count)"), ("outputs", "\(outputs.count)")])
            for (output, values) in zip(outputs, values) {
                let right =
                    try samples.files.isEmpty
                    ? subject.values(of: output.prediction.target, numbered: samples.numbers(of: given.count))
                    : nil
                page.parts += Self.parts(output, given, values, right: right, isOnly: outputs.count == 1)
                page.tensors.append(
                    LookTensor(
                        output.prediction.output, shape: Shape([values.count / max(given.count, 1)]), values: values))
            }
            return page
        }
    }

    private static func parts(
        _ output: Output, _ given: GivenSamples, _ values: [Float], right: [[Float]]?, isOnly: Bool
    ) -> [LookPage.Part] {
        let shape = given.field.shape
        let scale = max(1, 288 / max(shape[0], shape[1]))
        let size = values.count / max(given.count, 1)
        var sheet = PictureSheet(
            isOnly ? "" : output.prediction.output, caption: "\(output.prediction.output) of \(given.count) pictures.",
            height: shape[0] * scale, width: shape[1] * scale * (output.kind.isMask ? (right == nil ? 2 : 3) : 1),
            channels: 3, columns: output.kind.isMask ? 1 : 4, labels: given.names, enlargement: 1)
        for sample in 0..<given.count {
            let own = Array(values[sample * size..<(sample + 1) * size])
            var canvas = Canvas(height: sheet.height, width: sheet.width)
            canvas.lay(given.visible(given.pixels(given.sample(sample))), shape, scale: scale)
            switch output.kind {
            case .box:
                if let right { canvas.box(right[sample], scale, Canvas.right) }
                canvas.box(own, scale, Canvas.said)
            case .points:
                if let right { canvas.points(right[sample], scale, Canvas.right, radius: 4) }
                canvas.points(own, scale, Canvas.said, radius: 2.5)
            case .mask:
                // A score for each class, or one for two.
                let scores = size / (shape[0] * shape[1])
                let chosen = (0..<shape[0] * shape[1]).map { pixel in
                    Float(chosenClass(Array(own[pixel * scores..<(pixel + 1) * scores]), scores))
                }
                for (place, mask) in ((right.map { [$0[sample]] } ?? []) + [chosen]).enumerated() {
                    canvas.lay(mask: mask, shape, scale: scale, left: (place + 1) * shape[1] * scale)
                }
            }
            sheet.values += canvas.values
        }
        var parts = [LookPage.Part.pictures(sheet)]
        if case .mask(let classes) = output.kind {
            parts.append(
                .table(
                    LookTable(
                        "Colours.", head: ["class", "colour"],
                        rows: classes.enumerated().map { [$1, Canvas.color($0).name] })))
        }
        return parts
    }
}

extension PlaceLook.Kind {
    fileprivate var isMask: Bool { if case .mask = self { true } else { false } }
}

extension Canvas {
    fileprivate static let right: [Float] = [60, 230, 60]
    fileprivate static let said: [Float] = [255, 60, 200]

    /// A picture, [H, W, 1 or 3], enlarged, in the upper left corner.
    fileprivate mutating func lay(_ picture: [Float], _ shape: Shape, scale: Int) {
        let channels = shape[2]
        for y in 0..<shape[0] * scale {
            for x in 0..<shape[1] * scale {
                let first = (y / scale * shape[1] + x / scale) * channels
                paint(y, x, (0..<3).map { picture[first + min($0, channels - 1)] })
            }
        }
    }

    /// The colours of classes.
    fileprivate mutating func lay(mask: [Float], _ shape: Shape, scale: Int, left: Int) {
        for y in 0..<shape[0] * scale {
            for x in 0..<shape[1] * scale {
                paint(y, left + x, Canvas.color(max(Int(mask[y / scale * shape[1] + x / scale]), 0)).color)
            }
        }
    }

    /// The edges left, top, right, bottom.
    fileprivate mutating func box(_ edges: [Float], _ scale: Int, _ color: [Float]) {
        let e = edges.map { Double($0) * Double(scale) }
        let corners = [(e[1], e[0]), (e[1], e[2]), (e[3], e[2]), (e[3], e[0]), (e[1], e[0])]
        for (a, b) in zip(corners, corners.dropFirst()) { line(from: a, to: b, color) }
    }

    fileprivate mutating func points(_ places: [Float], _ scale: Int, _ color: [Float], radius: Double) {
        for start in stride(from: 0, to: places.count, by: 2) {
            dot(
                Double(places[start + 1]) * Double(scale), Double(places[start]) * Double(scale), radius: radius, color)
        }
    }
}
