import ArgumentParser
import Autograd
import Foundation
import NeuralNetwork
import TensorCore

/// Which parts of a picture can't be hidden.
package struct OcclusionLook: LookKind {
    package static let name = "occlusion"
    package static let abstract = "How likely a class stays when a grey square hides part of the picture."
    package static let discussion =
        "Zeiler and Fergus 2014, section 4.2. The square has the picture's mean colour and is moved over it; a "
        + "pixel of the map is the mean over all squares that hide it, dark where hiding it costs most."

    @OptionGroup package var run: RunArguments
    @OptionGroup package var samples: SampleArguments

    @Option(
        name: .customLong("class"),
        help: "The class, by name or number; what the model takes each sample for if absent.")
    package var classNamed: String?

    @Option(help: "The square's side in pixels; a fifth of the picture's if absent.")
    package var side: Int?

    @Option(help: "How far the square moves; a quarter of its side if absent.")
    package var stride: Int?

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        for (name, value) in [("--side", side), ("--stride", stride)] {
            if let value, value < 1 { throw ValidationError("\(name) \(value): give at least 1") }
        }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: samples.part, job)
        return try job.ranks.together {
            let classifier = try subject.classifier()
            let field = try subject.pictureField()
            let given = try subject.samples(samples, usual: 4)
            let side = min(self.side ?? max(1, max(field.shape[0], field.shape[1]) / 5), field.shape[0], field.shape[1])
            let step = stride ?? max(1, side / 4)
            let wanted = try classNamed.map(classifier.number)
            var (values, overlays, labels): ([Float], [Float], [String]) = ([], [], [])
            var drops: [Double] = []
            for index in 0..<given.count {
                let made = try subject.withTape { tape in
                    try Occlusion(
                        subject.model, scores: classifier.scores, meaning: classifier.meaning, side: side, stride: step,
                        on: tape
                    )(given.tensor(index..<index + 1, pool: tape.pool), class: wanted)
                }
                values += made.map
                let loss = made.map.map { max(0, made.whole - $0) }
                overlays += Shade.overlay(
                    given.visible(given.pixels(given.sample(index))), channels: given.visibleChannels,
                    heat: Shade.positive(loss).map { $0 / 255 })
                drops.append(Double(made.whole - made.least))
                labels.append(
                    "\(given.names[index]): \(classifier.names[made.number]), \(percent(made.whole)) as it is, at "
                        + "least "
                        + percent(made.least))
            }
            func sheet(_ name: String, _ caption: String, _ values: [Float], channels: Int) -> LookPage.Part {
                .pictures(
                    PictureSheet(
                        name, caption: caption, values: values, height: field.shape[0], width: field.shape[1],
                        channels: channels, columns: min(8, given.count), labels: labels))
            }
            var page = LookPage(
                "Occlusion of \(subject.model.name)",
                lead: "A square of \(side) pixels moves by \(step); what is shown is how likely the class stays.",
                figures: [
                    ("samples", "\(given.count)"), ("side", "\(side)"), ("stride", "\(step)"),
                    ("largestDrop", String(format: "%.4f", drops.max() ?? 0)),
                ],
                parts: [
                    sheet("", "Where hiding costs probability.", overlays, channels: 3),
                    sheet(
                        "probability", "The class's probability: black 0, white 1.", values.map { 255 * $0 },
                        channels: 1),
                    .pictures(given.sheet(0..<given.count, name: "picture", caption: "The samples.")),
                ])
            page.tensors = [LookTensor("probability", shape: [field.shape[0], field.shape[1], 1], values: values)]
            return page
        }
    }

    private func percent(_ value: Float) -> String { String(format: "%.1f %%", 100 * value) }
}

/// A class's probability while a square hides part of a picture.
package struct Occlusion {
    private let saliency: Saliency
    private let meaning: ClassScores
    private let side: Int
    private let stride: Int
    private let pool: StoragePool

    package init(
        _ model: Model, scores: String, meaning: ClassScores, side: Int, stride: Int, on tape: Tape
    ) throws(ModelError) {
        saliency = try Saliency(model, scores: scores, on: tape)
        self.meaning = meaning
        self.side = side
        self.stride = stride
        pool = tape.pool
    }

    package struct Map {
        package let number: Int
        /// Of the whole picture, and the least of all squares.
        package let whole: Float
        package let least: Float
        /// [H, W], the mean over all squares that hide a pixel.
        package let map: [Float]
    }

    /// - Parameters:
    ///   - sample: [1, H, W, C]
    ///   - number: the class; nil for what it is taken for.
    package func callAsFunction(_ sample: Tensor, class number: Int?) -> Map {
        let (h, w, c) = (sample.shape[1], sample.shape[2], sample.shape[3])
        let own = saliency.scores(sample)[0]
        let number = number ?? max(0, meaning.choice(own))
        let values = sample.values
        let mean = (0..<c).map { channel in
            Swift.stride(from: channel, to: values.count, by: c).reduce(Float(0)) { $0 + values[$1] } / Float(h * w)
        }
        func starts(_ extent: Int) -> [Int] {
            let last = extent - side
            return Array(Swift.stride(from: 0, to: last, by: stride)) + [last]
        }
        let places = starts(h).flatMap { y in starts(w).map { (y, $0) } }
        var (sums, counts) = ([Double](repeating: 0, count: h * w), [Double](repeating: 0, count: h * w))
        var least = Float.infinity
        for first in Swift.stride(from: 0, to: places.count, by: 64) {
            let part = places[first..<min(first + 64, places.count)]
            let hidden = part.flatMap { place in
                var copy = values
                for y in place.0..<place.0 + side {
                    for x in place.1..<place.1 + side {
                        for channel in 0..<c { copy[(y * w + x) * c + channel] = mean[channel] }
                    }
                }
                return copy
            }
            let scores = saliency.scores(Tensor(hidden, [part.count, h, w, c], pool: pool))
            for (place, row) in zip(part, scores) {
                let value = probability(of: number, row)
                least = min(least, value)
                for y in place.0..<place.0 + side {
                    for x in place.1..<place.1 + side {
                        sums[y * w + x] += Double(value)
                        counts[y * w + x] += 1
                    }
                }
            }
        }
        let whole = probability(of: number, own)
        return Map(
            number: number, whole: whole, least: least,
            map: zip(sums, counts).map { $1 > 0 ? Float($0 / $1) : whole })
    }

    /// Scores that give no probabilities become such by a softmax.
    private func probability(of number: Int, _ row: [Float]) -> Float {
        (meaning.probabilities(of: row) ?? ClassScores.logits.probabilities(of: row) ?? row)[number]
    }
}
