import ArgumentParser
import DataPipeline
import Kernels
import NeuralNetwork
import TensorCore

/// A picture in which a network sees more and more of what it knows.
package struct DreamLook: LookKind {
    package static let name = "dream"
    package static let abstract = "DeepDream: let a layer see more of what it sees in a picture, octave by octave."
    package static let discussion = """
        Mordvintsev, Olah and Tyka 2015: gradient ascent on half the squares of a layer's values, in a picture that \
        grows from octave to octave. The layers up to that one are laid over the picture in its own size.
        """

    @OptionGroup package var run: RunArguments

    @Argument(help: "A JPEG or PNG picture of any size.")
    package var picture: String

    @Option(help: "The layer; the one in the middle of those with positions if absent.")
    package var node: String?

    @Option(help: "Sizes of the picture.")
    package var octaves: Int = 4

    @Option(help: "How much larger each is than the one before.")
    package var scale: Double = 1.4

    @Option(help: "The longest side of the result in pixels; a larger picture is made smaller.")
    package var most: Int = 512

    @Option(help: "Steps of ascent in each.")
    package var steps: Int = 10

    @Option(help: "The root mean square of a step, as a share of the way from black to white.")
    package var rate: Double = 0.01

    @Option(help: "Pixels by which the picture is moved at random before each step, at most.")
    package var jitter: Int = 16

    @Option(help: "Key of what is drawn.")
    package var seed: Int = 1

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(1...20).contains(octaves) { throw ValidationError("--octaves \(octaves): give 1 to 20") }
        if !(scale > 1 && scale <= 4) { throw ValidationError("--scale \(scale): give more than 1, to 4") }
        if !(1...100_000).contains(steps) { throw ValidationError("--steps \(steps): give 1 to 100000") }
        if !(rate > 0 && rate <= 10) { throw ValidationError("--rate \(rate): give more than 0, to 10") }
        if !(0...1000).contains(jitter) { throw ValidationError("--jitter \(jitter): give 0 to 1000") }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
        if !(8...8192).contains(most) { throw ValidationError("--most \(most): give 8 to 8192") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, job)
        return try job.ranks.together {
            let field = try subject.visiblePictureField()
            let channels = field.shape[2]
            let known = zip(subject.model.nodes, subject.model.isInferredNode).filter {
                $1 && $0.kind != "input" && $0.shape.rank == 3
            }.map(\.0.name)
            let name = try node.map { try subject.node($0).name } ?? (known.isEmpty ? "" : known[known.count / 2])
            guard known.contains(name) else {
                throw InspectionError.unsuitableNode(name: name, problem: "has no positions", known: known)
            }
            let own = try PicturePixels(picture, channels: channels, most: most)
            let preprocessing = subject.preprocessing(of: field)
            let units = GivenSamples(field: field, preprocessing: preprocessing)
            let original = own.values.enumerated().map { index, value in
                units.limits[index % channels].black + value * units.unitOfPixels[index % channels]
            }
            var detail: [Float]?
            var shape = (height: own.height, width: own.width)
            var rows: [[String]] = []
            var result = original
            for octave in 0..<octaves {
                var factor = 1.0
                for _ in octave + 1..<max(octaves, octave + 1) { factor /= scale }
                let size = (
                    height: max(8, Int((Double(own.height) * factor).rounded())),
                    width: max(8, Int((Double(own.width) * factor).rounded()))
                )
                func resized(_ values: [Float], _ from: (height: Int, width: Int)) -> [Float] {
                    Resampling.bilinear(
                        values, height: from.height, width: from.width, channels: channels, toHeight: size.height,
                        width: size.width)
                }
                let base = resized(original, (own.height, own.width))
                var start = base
                if let detail {
                    for (index, value) in resized(detail, shape).enumerated() { start[index] += value }
                }
                let resizedModel = try ResizedModel(subject, height: size.height, width: size.width, nodes: [name])
                let graph = try TappedGraph(resizedModel.model, to: [name])
                let key = RandomKey(seed: UInt64(seed)).folding(octave)
                let made = subject.withTape(model: resizedModel) { tape in
                    Ascent(graph, limits: units.limits, on: tape)(
                        Tensor(start, [1, size.height, size.width, channels], pool: tape.pool), settings, key: key
                    ) { value in
                        let squares = value.values.reduce(0.0) { $0 + Double($1) * Double($1) }
                        return (Tensor(value.values, value.shape, pool: tape.pool), squares / 2)
                    }
                }
                detail = zip(made.picture, base).map { $0 - $1 }
                (shape, result) = (size, made.picture)
                rows.append(["\(size.height)×\(size.width)", "\(Float(made.value))"])
            }
            func sheet(_ name: String, _ caption: String, _ values: [Float], _ size: (height: Int, width: Int))
                -> LookPage.Part
            {
                .pictures(
                    PictureSheet(
                        name, caption: caption, values: units.pixels(values), height: size.height, width: size.width,
                        channels: channels))
            }
            return LookPage(
                "A dream of \(name)",
                lead: "\(octaves) octaves of \(steps) steps, each \(scale) times as large as the one before.",
                figures: [
                    ("node", name), ("octaves", "\(octaves)"), ("size", "\(shape.height)x\(shape.width)x\(channels)"),
                ],
                parts: [
                    sheet("", "The dream.", result, shape),
                    sheet("picture", "The picture.", original, (own.height, own.width)),
                    .table(
                        LookTable(
                            "Half the squares of the layer's values, at the last step.", head: ["octave", "value"],
                            rows: rows)),
                ])
        }
    }

    /// Without blur and the pull to grey: the picture is to stay.
    private var settings: Ascent.Settings {
        Ascent.Settings(steps: steps, rate: rate, jitter: jitter, blur: 0, totalVariation: 0, keep: 1)
    }
}
