import ArgumentParser
import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// What in a picture a class's score depends on.
package struct SaliencyLook: LookKind {
    package static let name = "saliency"
    package static let abstract =
        "What in a picture makes it its class: gradient, SmoothGrad, guided backpropagation, Grad-CAM."
    package static let discussion = """
        The gradient is that of the class's score before the softmax (Simonyan et al. 2014); SmoothGrad is its mean \
        over noisy copies (Smilkov et al. 2017); guided backpropagation lets rectifiers pass back only what is \
        positive (Springenberg et al. 2015); Grad-CAM weighs a layer's maps by the mean gradient of each (Selvaraju \
        et al. 2017). --sanity compares them with those of random weights (Adebayo et al. 2018): a map that hardly \
        changes shows the picture, not what was learned.
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var samples: SampleArguments

    @Option(
        name: .customLong("class"),
        help: "The class whose score is explained, by name or number; what the model takes each sample for if absent.")
    package var classNamed: String?

    @Option(help: "The layer of Grad-CAM; the last one with positions if absent.")
    package var node: String?

    @Option(help: "SmoothGrad's noise, as a share of the picture's range.")
    package var noise: Double = 0.15

    @Option(help: "SmoothGrad's copies of each picture.")
    package var draws: Int = 32

    @Option(help: "Key of what is drawn.")
    package var seed: Int = 1

    @Flag(help: "Compare each map with that of random weights.")
    package var sanity = false

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(0...10).contains(noise) { throw ValidationError("--noise \(noise): give 0 to 10") }
        if !(1...100_000).contains(draws) { throw ValidationError("--draws \(draws): give 1 to 100000") }
        if seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
    }

    /// The maps of one sample, each [H, W].
    private struct Maps {
        var gradient: [Float]
        var signed: [Float]
        var smooth: [Float]
        var guided: [Float]
        var guidedSigned: [Float]
        /// At the layer's positions, and at the picture's pixels.
        var positions: [Float]
        var gradCAM: [Float]
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: samples.part, job)
        return try job.ranks.together {
            let classifier = try subject.classifier()
            let given = try subject.samples(samples, usual: 8)
            let layer = try camNode(subject)
            let field = try subject.pictureField()
            let wanted = try classNamed.map(classifier.number)
            var (labels, sheets, correlations): ([String], [[Float]], [[Double]]) = ([], [[], [], [], []], [])
            var page = LookPage("Saliency of \(subject.model.name)", lead: "")
            var numbers: [String: [Float]] = [:]
            for index in 0..<given.count {
                let (maps, chosen) = try subject.withTape { tape in
                    let sample = given.tensor(index..<index + 1, pool: tape.pool)
                    let scores = try Saliency(subject.model, scores: classifier.scores, on: tape).scores(sample)[0]
                    let chosen = wanted ?? max(0, classifier.meaning.choice(scores))
                    return (try self.maps(subject, classifier, layer, sample, chosen, on: tape), chosen)
                }
                let own = given.visible(given.pixels(given.sample(index)))
                sheets[0] += Shade.positive(maps.gradient)
                sheets[1] += Shade.positive(maps.smooth)
                sheets[2] += Shade.positive(maps.guided)
                sheets[3] += Shade.overlay(
                    own, channels: given.visibleChannels, heat: Shade.positive(maps.gradCAM).map { $0 / 255 })
                let truth = given.classes[index].map { " (\(classifier.names[$0]))" } ?? ""
                labels.append("\(given.names[index]): \(classifier.names[chosen])\(truth)")
                numbers["gradient", default: []] += maps.signed
                numbers["smoothGrad", default: []] += maps.smooth
                numbers["guided", default: []] += maps.guidedSigned
                numbers["gradCAM", default: []] += maps.positions
                if sanity { correlations.append(try compare(subject, classifier, layer, given, index, maps, chosen)) }
            }
            let names = ["gradient", "smoothGrad", "guided", "gradCAM"]
            let captions = [
                "Gradient: |∂ score / ∂ pixel|, the largest of the channels.",
                "SmoothGrad: mean over \(draws) copies with noise of \(noise) of the range.", "Guided backpropagation.",
                "Grad-CAM at \(layer).",
            ]
            page.parts = [
                .pictures(given.sheet(0..<given.count, name: "picture", caption: "The samples.", labels: labels))
            ]
            for (place, name) in names.enumerated() {
                page.parts.append(
                    .pictures(
                        PictureSheet(
                            place == 0 ? "" : name, caption: captions[place], values: sheets[place],
                            height: field.shape[0], width: field.shape[1], channels: place == 3 ? 3 : 1,
                            columns: min(8, given.count))))
            }
            page.lead =
                "What raises the score of "
                + (classNamed == nil ? "the class that each sample is taken for" : "a given class")
                + ", before the softmax. The brightest pixel of each map is white."
            page.figures = [("samples", "\(given.count)"), ("node", layer)]
            if sanity { page.add(correlations, of: names + ["gradient with its sign"]) }
            let positions = try subject.node(layer).shape
            page.tensors = names.map { name in
                let shape: Shape =
                    name == "gradCAM"
                    ? [positions[0], positions[1], 1]
                    : name == "smoothGrad" ? [field.shape[0], field.shape[1], 1] : field.shape
                return LookTensor(name, shape: shape, values: numbers[name] ?? [])
            }
            return page
        }
    }

    private func camNode(_ subject: Subject) throws -> String {
        let known = zip(subject.model.nodes, subject.model.isInferredNode).filter { $1 && $0.shape.rank == 3 }
            .map(\.0).filter { $0.kind != "input" }
        if let node {
            guard try subject.node(node).shape.rank == 3 else {
                throw InspectionError.unsuitableNode(
                    name: node, problem: "has no positions", known: known.map(\.name))
            }
            return node
        }
        return known.last?.name ?? subject.model.inputs[0].name
    }

    private func maps(
        _ subject: Subject, _ classifier: Subject.Classifier, _ layer: String, _ sample: Tensor, _ chosen: Int,
        on tape: Tape
    ) throws -> Maps {
        let saliency = try Saliency(subject.model, scores: classifier.scores, on: tape)
        let shape = sample.shape.sample
        let gradient = saliency.gradient(sample, classes: [chosen]).values
        let smooth = saliency.smoothGradient(
            sample, class: chosen, noise: noise, draws: draws, key: RandomKey(seed: UInt64(seed)))
        let guided = saliency.gradient(sample, classes: [chosen], rectifiers: .guided).values
        let node = try subject.node(layer).shape
        let cam =
            node.rank == 3
            ? try Saliency.gradCAM(
                subject.model, node: layer, scores: classifier.scores, sample, classes: [chosen], on: tape) : []
        return Maps(
            gradient: Saliency.magnitude(gradient, channels: shape[2]), signed: gradient,
            smooth: Saliency.magnitude(smooth, channels: shape[2]),
            guided: Saliency.magnitude(guided, channels: shape[2]), guidedSigned: guided, positions: cam,
            gradCAM: node.rank == 3
                ? Resampling.bilinear(
                    cam, height: node[0], width: node[1], channels: 1, toHeight: shape[0], width: shape[1])
                : [Float](repeating: 0, count: shape[0] * shape[1]))
    }

    /// How alike each map is to that of random weights.
    private func compare(
        _ subject: Subject, _ classifier: Subject.Classifier, _ layer: String, _ given: GivenSamples, _ index: Int,
        _ maps: Maps, _ chosen: Int
    ) throws -> [Double] {
        let random = try subject.withTape(of: subject.randomValues(seed: seed)) { tape in
            try self.maps(
                subject, classifier, layer, given.tensor(index..<index + 1, pool: tape.pool), chosen, on: tape)
        }
        return [
            Saliency.rankCorrelation(maps.gradient, random.gradient),
            Saliency.rankCorrelation(maps.smooth, random.smooth), Saliency.rankCorrelation(maps.guided, random.guided),
            Saliency.rankCorrelation(maps.gradCAM, random.gradCAM),
            Saliency.rankCorrelation(maps.signed, random.signed),
        ]
    }
}

extension LookPage {
    /// Adds a table of the mean rank correlations, and the gradient's as a figure.
    fileprivate mutating func add(_ correlations: [[Double]], of names: [String]) {
        let means = names.indices.map { place in
            correlations.reduce(0) { $0 + $1[place] } / Double(max(correlations.count, 1))
        }
        figures.append(("sanity", String(format: "%.4f", means[0])))
        figures.append(("sanitySigned", String(format: "%.4f", means[means.count - 1])))
        parts.append(
            .table(
                LookTable(
                    "Rank correlation of each map with that of random weights, the mean of all samples.",
                    head: ["map", "correlation"],
                    rows: zip(names, means).map { [$0, String(format: "%.3f", $1)] })))
    }
}
