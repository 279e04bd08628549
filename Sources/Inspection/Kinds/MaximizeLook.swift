import ArgumentParser
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// Pictures that units want to see.
package struct MaximizeLook: LookKind {
    package static let name = "maximize"
    package static let abstract =
        "Activation maximisation: pictures that raise units of a layer, or scores of classes, from noise."
    package static let discussion = """
        Gradient ascent on the pixels (Erhan et al. 2009), with jitter, blur and total variation that keep the \
        picture a picture. Of an image's channel the mean over positions is raised; --middle raises its middle \
        position alone.
        """

    @OptionGroup package var run: RunArguments

    @Option(help: "The layer; the scores of the classes if absent.")
    package var node: String?

    @Option(help: ArgumentHelp("Numbers of units, such as 0-7; the first 16 if absent.", valueName: "numbers"))
    package var units: SampleNumbers?

    @Flag(help: "Raise the middle position of a channel, not the mean of all.")
    package var middle = false

    @OptionGroup package var ascent: AscentArguments

    package init() {}
    package var source: RunArguments? { run }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, job)
        return try job.ranks.together {
            let field = try subject.pictureField()
            let classifier = node == nil ? try subject.classifier() : nil
            let found = try subject.node(node ?? classifier?.scores ?? subject.model.outputName)
            let count = found.shape.rank > 0 ? found.shape[-1] : 1
            let numbers = units?.numbers ?? Array(0..<min(count, 16))
            if let bad = numbers.first(where: { $0 >= count }) {
                throw InspectionError.option(
                    name: "units", problem: "'\(found.name)' has no unit \(bad), but 0 to \(count - 1)")
            }
            var given = GivenSamples(field: field, preprocessing: subject.preprocessing(of: field))
            let graph = try TappedGraph(subject.model, to: [found.name])
            var rows: [[String]] = []
            for unit in numbers {
                let key = RandomKey(seed: UInt64(ascent.seed)).folding(unit)
                let made = subject.withTape { tape in
                    let noise = Noise.normal(count: field.shape.count, key: key.folding(.drawing))
                    let start = noise.enumerated().map { index, value in
                        let limit = given.limits[index % given.limits.count]
                        return (limit.black + limit.white) / 2 + 0.05 * (limit.white - limit.black) * value
                    }
                    let ascend = Ascent(graph, limits: given.limits, on: tape)
                    return ascend(
                        Tensor(start, field.shape.batched(1), pool: tape.pool), ascent.settings, key: key
                    ) { Self.seed($0, unit: unit, isMiddle: middle, pool: tape.pool) }
                }
                let name = classifier.map { $0.names[unit] } ?? "\(unit)"
                given.append(made.picture, class: nil, name: name)
                rows.append([name, String(format: "%.4g", made.value)])
            }
            var page = LookPage(
                "What units of \(found.name) want to see",
                lead: "From noise, \(ascent.steps) steps of gradient ascent on the pixels.",
                figures: [("node", found.name), ("units", "\(numbers.count)")],
                parts: [
                    .pictures(
                        given.sheet(0..<given.count, name: "", caption: "A picture for each unit.", labels: given.names)
                    ),
                    .table(LookTable("What each came to.", head: ["unit", "value"], rows: rows)),
                ])
            page.tensors = [LookTensor("pictures", shape: field.shape, values: given.values)]
            return page
        }
    }

    /// The gradient of a unit's mean, or of its middle, and its value.
    static func seed(
        _ value: Tensor, unit: Int, isMiddle: Bool, pool: StoragePool
    ) -> (gradient: Tensor, value: Double) {
        let gradient = Tensor(value.shape, pool: pool)
        gradient.fill(0)
        let channels = value.shape[-1]
        let all = Array(stride(from: unit, to: value.count, by: channels))
        let isImage = value.shape.rank == 4
        let centre = isImage ? (value.shape[1] / 2 * value.shape[2] + value.shape[2] / 2) * channels + unit : unit
        let places = isMiddle ? [centre] : all
        var sum = 0.0
        for place in places {
            gradient.pointer[place] = 1 / Float(places.count)
            sum += Double(value.pointer[place])
        }
        return (gradient, sum / Double(places.count))
    }
}

/// How pictures are changed step by step.
package struct AscentArguments: ParsableArguments {
    @Option(help: "Steps of ascent.")
    package var steps: Int = 256

    @Option(help: "The root mean square of a step, as a share of the way from black to white.")
    package var rate: Double = 0.02

    @Option(help: "Pixels by which the picture is moved at random before each step, at most.")
    package var jitter: Int = 4

    @Option(help: "Standard deviation in pixels of a blur after every fourth step; 0 for none.")
    package var blur: Double = 0.5

    @Option(help: "Weight of total variation, which holds differences of neighbours down.")
    package var totalVariation: Double = 0.05

    @Option(help: "Key of what is drawn.")
    package var seed: Int = 1

    package init() {}

    package func validate() throws {
        if !(1...100_000).contains(steps) { throw ValidationError("--steps \(steps): give 1 to 100000") }
        if !(rate > 0 && rate <= 10) { throw ValidationError("--rate \(rate): give more than 0, to 10") }
        if !(0...1000).contains(jitter) { throw ValidationError("--jitter \(jitter): give 0 to 1000") }
        if !(0...100).contains(blur) { throw ValidationError("--blur \(blur): give 0 to 100") }
        if !(0...1000).contains(totalVariation) {
            throw ValidationError("--total-variation \(totalVariation): give 0 to 1000")
        }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
    }

    var settings: Ascent.Settings {
        Ascent.Settings(steps: steps, rate: rate, jitter: jitter, blur: blur, totalVariation: totalVariation)
    }
}
