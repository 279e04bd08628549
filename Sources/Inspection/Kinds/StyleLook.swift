import ArgumentParser
import Autograd
import DataPipeline
import Foundation
import Kernels
import NeuralNetwork
import Optimization
import TensorCore

/// The content of one picture in the style of another.
package struct StyleLook: LookKind {
    package static let name = "style"
    package static let abstract =
        "Style transfer: the content of one picture in the style of another, through a network's layers."
    package static let discussion = """
        Gatys, Ecker and Bethge 2016: the pixels are changed until a layer's values are those of the content and the \
        Gram matrices of others are those of the style, with total variation held down and every pixel between black \
        and white. A loss of 1 is as far from what is wanted as 0 is. Of weights that have learned to see, such as a \
        VGG's from a file (its weights, and --config), or with --random of filters as they are drawn before training \
        (Ustyuzhaninov et al. 2016).
        """

    @OptionGroup package var run: RunArguments

    @Argument(help: "The picture of the content, JPEG or PNG.")
    package var content: String

    @Argument(help: "The picture of the style.")
    package var style: String

    @Option(
        parsing: .upToNextOption,
        help: "The layers of the style; up to five rectifiers, or others with positions, from the first on if absent.")
    package var styleNodes: [String] = []

    @Option(help: "The layer of the content; the last of the style's if absent.")
    package var contentNode: String?

    @Option(help: "The longest side of the result in pixels.")
    package var most: Int = 256

    @Option(help: "lbfgs or adam.")
    package var optimizer: Optimization = .lbfgs

    @Option(help: "Steps.")
    package var steps: Int = 80

    @Option(help: "Adam's rate, as a share of the way from black to white.")
    package var rate: Double = 0.02

    @Option(help: "Weight of the content.")
    package var contentWeight: Double = 1

    @Option(help: "Weight of the style.")
    package var styleWeight: Double = 10

    @Option(help: "Weight of total variation.")
    package var totalVariation: Double = 0.01

    @Flag(help: "Take filters as they are drawn before training.")
    package var random = false

    @Option(help: "Key of what is drawn.")
    package var seed: Int = 1

    package enum Optimization: String, ExpressibleByArgument, Sendable { case lbfgs, adam }

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(16...4096).contains(most) { throw ValidationError("--most \(most): give 16 to 4096") }
        if !(1...100_000).contains(steps) { throw ValidationError("--steps \(steps): give 1 to 100000") }
        if !(rate > 0 && rate <= 1) { throw ValidationError("--rate \(rate): give more than 0, to 1") }
        for (name, value) in [
            ("--content-weight", contentWeight), ("--style-weight", styleWeight), ("--total-variation", totalVariation),
        ] where !(value >= 0 && value <= 1e12) { throw ValidationError("\(name) \(value): give at least 0") }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, job)
        return try job.ranks.together {
            let field = try subject.visiblePictureField()
            let channels = field.shape[2]
            let nodes = try layers(subject)
            let units = GivenSamples(field: field, preprocessing: subject.preprocessing(of: field))
            func read(_ path: String) throws -> (PicturePixels, [Float]) {
                let pixels = try PicturePixels(path, channels: channels, most: most)
                return (
                    pixels,
                    pixels.values.enumerated().map { index, value in
                        units.limits[index % channels].black + value * units.unitOfPixels[index % channels]
                    }
                )
            }
            let (contentPixels, contentValues) = try read(content)
            let (stylePixels, styleValues) = try read(style)
            func resized(_ pixels: PicturePixels) throws -> ResizedModel {
                let made = try ResizedModel(subject, height: pixels.height, width: pixels.width, nodes: nodes)
                if random { made.model.layout.initialize(made.values, key: RandomKey(seed: UInt64(seed))) }
                return made
            }
            let (own, other) = (try resized(contentPixels), try resized(stylePixels))
            let losses: [StyleTransfer.Loss]
            let picture: [Float]
            (picture, losses) = try subject.withTape(model: own) { tape in
                try subject.withTape(model: other) { styleTape in
                    let shape: Shape = [1, contentPixels.height, contentPixels.width, channels]
                    let transfer = StyleTransfer(
                        try TappedGraph(own.model, to: nodes), content: Tensor(contentValues, shape, pool: tape.pool),
                        styleGraph: try TappedGraph(other.model, to: nodes),
                        style: Tensor(
                            styleValues, [1, stylePixels.height, stylePixels.width, channels], pool: styleTape.pool),
                        styleTape: styleTape,
                        weights: .init(content: contentWeight, style: styleWeight, totalVariation: totalVariation),
                        on: tape)
                    return optimized(transfer, from: contentValues, limits: units.limits)
                }
            }
            return page(units, picture, losses, nodes, contentPixels, contentValues, stylePixels, styleValues)
        }
    }

    /// The style's layers, and the content's behind them.
    private func layers(_ subject: Subject) throws -> [String] {
        let known = zip(subject.model.nodes, subject.model.isInferredNode).filter {
            $1 && $0.kind != "input" && $0.shape.rank == 3
        }.map(\.0)
        let rectifiers = known.filter { $0.kind == "relu" }.map(\.name)
        let usual = rectifiers.count > 1 ? rectifiers : known.map(\.name)
        // Of many the first of each fifth.
        let chosen = usual.count <= 5 ? usual : (0..<5).map { usual[$0 * usual.count / 5] }
        let names = styleNodes.isEmpty ? chosen : styleNodes
        let all = names + [contentNode ?? names.last ?? ""]
        for name in all where try subject.node(name).shape.rank != 3 {
            throw InspectionError.unsuitableNode(name: name, problem: "has no positions", known: known.map(\.name))
        }
        return all
    }

    private func optimized(
        _ transfer: StyleTransfer, from start: [Float], limits: [(black: Float, white: Float)]
    ) -> ([Float], [StyleTransfer.Loss]) {
        // Between black and white: else what is optimised is another picture than the one that is seen.
        let bounds = limits.map { Double(min($0.black, $0.white))...Double(max($0.black, $0.white)) }
        var losses: [StyleTransfer.Loss] = []
        switch optimizer {
        case .adam:
            let rule = Adam()
            var picture = start
            var slots = rule.slots.map { _ in [Float](repeating: 0, count: start.count) }
            let range = Double((limits.map { abs($0.white - $0.black) }.max()) ?? 1)
            for number in 1...steps {
                let loss = transfer.loss(picture)
                losses.append(loss)
                Descent.update(
                    rule, count: start.count, &picture, loss.gradient, &slots,
                    UpdateStep(learningRate: rate * range, number: number))
                for index in picture.indices {
                    let bound = bounds[index % bounds.count]
                    picture[index] = min(max(picture[index], Float(bound.lowerBound)), Float(bound.upperBound))
                }
            }
            losses.append(transfer.loss(picture))
            return (picture, losses)
        case .lbfgs:
            var search = LimitedMemoryBFGS(bounds: bounds)
            var point = start.map(Double.init)
            var latest = transfer.loss(start)
            losses.append(latest)
            // Losses are small numbers; the search wants them about 1.
            let scale = 1 / max(latest.total, 1e-30)
            func evaluated(_ point: [Double]) -> (value: Double, gradient: [Double]) {
                latest = transfer.loss(point.map { Float($0) })
                return (latest.total * scale, latest.gradient.map { Double($0) * scale })
            }
            var (value, gradient) = (latest.total * scale, latest.gradient.map { Double($0) * scale })
            for _ in 0..<steps {
                let made = search.step(from: point, value: value, gradient: gradient, evaluated)
                guard made.moved else { break }
                (point, value, gradient) = (made.point, made.value, made.gradient)
                losses.append(latest)
            }
            return (point.map { Float($0) }, losses)
        }
    }

    private func page(
        _ units: GivenSamples, _ picture: [Float], _ losses: [StyleTransfer.Loss], _ nodes: [String],
        _ content: PicturePixels, _ contentValues: [Float], _ style: PicturePixels, _ styleValues: [Float]
    ) -> LookPage {
        func sheet(_ name: String, _ caption: String, _ values: [Float], _ pixels: PicturePixels) -> LookPage.Part {
            .pictures(
                PictureSheet(
                    name, caption: caption, values: units.pixels(values), height: pixels.height, width: pixels.width,
                    channels: pixels.channels))
        }
        func text(_ value: Double) -> String { String(format: "%.5g", value) }
        let shown = losses.indices.filter { $0 % max(1, losses.count / 20) == 0 || $0 == losses.count - 1 }
        return LookPage(
            "The style of \(self.style) for \(self.content)",
            lead:
                "\(losses.count - 1) steps of \(optimizer.rawValue)\(random ? ", through random filters" : ""). "
                + "Style at \(nodes.dropLast().joined(separator: ", ")), content at \(nodes.last ?? "").",
            figures: [
                ("steps", "\(losses.count - 1)"), ("firstLoss", text(losses.first?.total ?? 0)),
                ("lastLoss", text(losses.last?.total ?? 0)),
                ("size", "\(content.height)x\(content.width)x\(content.channels)"),
            ],
            parts: [
                sheet("", "The result.", picture, content), sheet("content", "The content.", contentValues, content),
                sheet("style", "The style.", styleValues, style),
                .table(
                    LookTable(
                        "Losses.", head: ["step", "total", "content", "style", "total variation"],
                        rows: shown.map { index in
                            let loss = losses[index]
                            return ["\(index)"]
                                + [loss.total, loss.content, loss.style, loss.totalVariation].map(text)
                        })),
            ])
    }
}
