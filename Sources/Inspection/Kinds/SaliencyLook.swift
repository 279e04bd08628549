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
        et al. 2017). --sanity compares them with those of random weights by Spearman's rank correlation, with signs \
        and of absolute values (Adebayo et al. 2018, section 3): a map that hardly changes shows the picture, not what \
        was learned. Absolute values also show which places the layers favour whatever they have learned and whatever \
        the picture is; how much of the correlation that is, the random weights' map of another sample says.
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

    /// The maps of one sample.
    private struct Maps {
        /// Gradient, SmoothGrad, guided backpropagation, Grad-CAM.
        var all: [RandomizationTest.Map]
        /// Grad-CAM at the layer's positions.
        var positions: [Float]
    }

    private static let names = ["gradient", "smoothGrad", "guided", "gradCAM"]

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: samples.part, job)
        return try job.ranks.together {
            let classifier = try subject.classifier()
            let field = try subject.pictureField()
            let given = try subject.samples(samples, usual: 8)
            let layer = try camNode(subject)
            let wanted = try classNamed.map(classifier.number)
            var (labels, sheets): ([String], [[Float]]) = ([], [[], [], [], []])
            var (own, random): ([Maps], [Maps]) = ([], [])
            for index in 0..<given.count {
                let (maps, chosen) = try subject.withTape { tape in
                    let sample = given.tensor(index..<index + 1, pool: tape.pool)
                    let scores = try Saliency(subject.model, scores: classifier.scores, on: tape).scores(sample)[0]
                    let chosen = wanted ?? max(0, classifier.meaning.choice(scores))
                    return (try self.maps(subject, classifier, layer, sample, chosen, on: tape), chosen)
                }
                own.append(maps)
                for place in 0..<3 {
                    let shown = maps.all[place].shown
                    sheets[place] += Shade.positive(shown, peak: Shade.highest(shown, butFor: 0.01))
                }
                sheets[3] += Shade.overlay(
                    given.visible(given.pixels(given.sample(index))), channels: given.visibleChannels,
                    heat: Shade.positive(maps.all[3].shown).map { $0 / 255 })
                let truth = given.classes[index].map { " (\(classifier.names[$0]))" } ?? ""
                labels.append("\(given.names[index]): \(classifier.names[chosen])\(truth)")
                if sanity {
                    random.append(
                        try subject.withTape(of: subject.randomValues(seed: seed)) { tape in
                            let sample = given.tensor(index..<index + 1, pool: tape.pool)
                            return try self.maps(subject, classifier, layer, sample, chosen, on: tape)
                        })
                }
            }
            var page = LookPage(
                "Saliency of \(subject.model.name)",
                lead: "What raises the score of "
                    + (classNamed == nil ? "the class that each sample is taken for" : "a given class")
                    + ", before the softmax. The brightest hundredth of each map's pixels is white.",
                figures: [("samples", "\(given.count)"), ("node", layer)])
            page.parts = [
                .pictures(given.sheet(0..<given.count, name: "picture", caption: "The samples.", labels: labels))
            ]
            let captions = [
                "Gradient: |∂ score / ∂ pixel|, the largest of the channels.",
                "SmoothGrad: mean over \(draws) copies with noise of \(noise) of the range.", "Guided backpropagation.",
                "Grad-CAM at \(layer): yellow is the largest value.",
            ]
            for (place, name) in Self.names.enumerated() {
                page.parts.append(
                    .pictures(
                        PictureSheet(
                            place == 0 ? "" : name, caption: captions[place], values: sheets[place],
                            height: field.shape[0], width: field.shape[1], channels: place == 3 ? 3 : 1,
                            columns: min(8, given.count), labels: labels)))
            }
            if samples.files.isEmpty, let boxes = try subject.boxes(numbered: samples.numbers(of: given.count)) {
                page.addPointing(
                    Self.names.enumerated().map { place, name in
                        (
                            name,
                            zip(own, boxes).count {
                                Pointing.isInside($0.all[place].shown, width: field.shape[1], box: $1)
                            }
                        )
                    }, of: given.count)
            }
            if sanity {
                page.add(
                    Self.names.indices.map { place in
                        (Self.names[place], RandomizationTest(own.map { $0.all[place] }, random.map { $0.all[place] }))
                    })
            }
            let positions = try subject.node(layer).shape
            page.tensors = [
                LookTensor("gradient", shape: field.shape, values: own.flatMap { $0.all[0].signed ?? [] }),
                LookTensor(
                    "smoothGrad", shape: [field.shape[0], field.shape[1], 1], values: own.flatMap { $0.all[1].shown }),
                LookTensor("guided", shape: field.shape, values: own.flatMap { $0.all[2].signed ?? [] }),
                LookTensor(
                    "gradCAM", shape: [positions[0], positions[1], 1], values: own.flatMap(\.positions)),
            ]
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
        let heat =
            node.rank == 3
            ? Resampling.bilinear(
                cam, height: node[0], width: node[1], channels: 1, toHeight: shape[0], width: shape[1])
            : [Float](repeating: 0, count: shape[0] * shape[1])
        return Maps(
            all: [gradient, smooth, guided].map {
                .init(signed: $0, shown: Saliency.magnitude($0, channels: shape[2]))
            } + [.init(signed: nil, shown: heat)], positions: cam)
    }
}

extension LookPage {
    /// Adds in how many samples the peak of each map lies in the box of the object, and Grad-CAM's share as a figure.
    fileprivate mutating func addPointing(_ hits: [(map: String, count: Int)], of samples: Int) {
        func share(_ count: Int) -> String { String(format: "%.4f", Double(count) / Double(max(samples, 1))) }
        if let last = hits.last { figures.append(("\(last.map)InBox", share(last.count))) }
        parts.append(
            .table(
                LookTable(
                    "How often the largest value of a map lies in the box that the data have of the object (the "
                        + "pointing game; Zhang et al. 2016).", head: ["map", "samples in the box", "share"],
                    rows: hits.map { [$0.map, "\($0.count)", share($0.count)] })))
    }

    /// Adds a table of rank correlations with random weights' maps, and the gradient's as figures.
    fileprivate mutating func add(_ tests: [(map: String, test: RandomizationTest)]) {
        func text(_ value: Double?, _ digits: Int = 3) -> String {
            value.map { String(format: "%.\(digits)f", $0) } ?? ""
        }
        if let gradient = tests.first?.test {
            figures += [
                ("sanitySigned", text(gradient.signed, 4)), ("sanityAbsolute", text(gradient.absolute, 4)),
            ]
            if let elsewhere = gradient.ofAnother { figures.append(("sanityOfAnother", text(elsewhere, 4))) }
        }
        parts.append(
            .table(
                LookTable(
                    "Rank correlation (Spearman) of each map with that of random weights, the mean of all samples: "
                        + "with the signs of all pixels and channels, of absolute values as the maps show them, and of "
                        + "these with the random weights' map of another sample. What a network has learned about a "
                        + "sample is in the map where the first is near 0 and the second no more than the third.",
                    head: ["map", "with signs", "absolute", "absolute, of another sample"],
                    rows: tests.map { [$0.map, text($0.test.signed), text($0.test.absolute), text($0.test.ofAnother)] }
                )))
    }
}
