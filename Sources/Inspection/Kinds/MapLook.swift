import ArgumentParser
import NeuralNetwork
import TensorCore

/// What each layer makes of a picture.
package struct MapLook: LookKind {
    package static let name = "maps"
    package static let abstract = "Feature maps: what each layer makes of a picture."
    package static let discussion =
        "A tile for each channel, from the layer's smallest value in black to its largest in white. Vectors are a "
        + "row of bars of one pixel."

    @OptionGroup package var run: RunArguments
    @OptionGroup package var samples: SampleArguments

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("The layers; all that keep the picture's axes if absent."))
    package var nodes: [String] = []

    @Option(help: "The most channels of a layer that are shown.")
    package var most: Int = 64

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(1...4096).contains(most) { throw ValidationError("--most \(most): give 1 to 4096") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: samples.part, job)
        return try job.ranks.together {
            let field = try subject.pictureField()
            let given = try subject.samples(samples, usual: 1)
            for name in nodes { _ = try subject.node(name) }
            let usual = zip(subject.model.nodes.dropFirst(subject.model.inputs.count), subject.model.isInferred)
                .filter { $1 && (3...4).contains($0.shape.rank) }.map(\.0.name)
            let names = nodes.isEmpty ? (usual.isEmpty ? [subject.model.outputName] : usual) : nodes
            let graph = try TappedGraph(subject.model, to: names)
            var parts: [LookPage.Part] = []
            var numbers = names.map { _ in [Float]() }
            for index in 0..<given.count {
                let prefix = given.count > 1 ? "\(index + 1)-" : ""
                parts.append(
                    .pictures(given.sheet([index], name: prefix + "picture", caption: "Sample \(given.names[index])")))
                let values = subject.withTape { tape in
                    graph.values([given.tensor(index..<index + 1, pool: tape.pool)], on: tape)
                }
                for (place, value) in values.enumerated() { numbers[place] += value.values }
                for (name, value) in zip(names, values) {
                    parts.append(.pictures(Self.sheet(prefix + name, value, most: most)))
                }
            }
            var page = LookPage(
                "Feature maps of \(subject.model.name)",
                lead: "What the layers make of \(given.count == 1 ? "a picture" : "\(given.count) pictures") of "
                    + "\(field.shape.dimensions.map(String.init).joined(separator: "×")). Each layer's smallest "
                    + "value is black, its largest white.",
                figures: [("samples", "\(given.count)"), ("nodes", "\(names.count)")], parts: parts)
            page.tensors = zip(zip(names, graph.shapes), numbers).map { LookTensor($0.0, shape: $0.1, values: $1) }
            return page
        }
    }

    /// A layer's value of one sample as tiles.
    static func sheet(_ name: String, _ value: Tensor, most: Int) -> PictureSheet {
        let shape = value.shape.sample
        let all = Shade.range(value.values)
        // Layers of symmetries have an axis of poses before that of filters.
        let poses = shape.rank == 4 ? shape[2] : 1
        let channels = (3...4).contains(shape.rank) ? shape.count / (shape[0] * shape[1]) : 0
        let kind =
            channels == 0
            ? "\(shape.count) values"
            : "\(channels) maps of \(shape[0])×\(shape[1])" + (poses > 1 ? ", a row for each of \(poses) poses" : "")
        guard channels > 0 else {
            return PictureSheet(
                name, caption: "\(name): \(kind)", values: all, height: 1, width: all.count, channels: 1, columns: 1,
                enlargement: max(1, 1200 / all.count))
        }
        let shown = min(channels, most)
        let pixels = (0..<shown).flatMap { channel in stride(from: channel, to: all.count, by: channels).map { all[$0] }
        }
        return PictureSheet(
            name, caption: "\(name): \(kind)\(shown < channels ? ", the first \(shown)" : "")", values: pixels,
            height: shape[0], width: shape[1], channels: 1, columns: min(shown, poses > 1 ? channels / poses : 8))
    }
}
