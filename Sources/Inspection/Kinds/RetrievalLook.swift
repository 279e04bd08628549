import ArgumentParser
import Foundation
import NeuralNetwork
import TensorCore
import Training

extension Neighbours.Distance: ExpressibleByArgument {}

/// How well samples of a class are found by what a layer makes of them.
package struct RetrievalLook: LookKind {
    package static let name = "retrieval"
    package static let abstract =
        "The samples that are nearest to others in a layer's eyes, beside those nearest by their values."
    package static let discussion = """
        Each sample in turn asks for the others, the nearest first. The average precision is the mean of the precision \
        at every place where a sample of its class is found; its mean over all that ask is mAP.
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(help: "The layer; what the scores are computed from if absent.")
    package var node: String?

    @Option(help: "What is near: cosine (the angle) or euclidean.")
    package var distance: String = "cosine"

    @Option(help: "Samples that are shown with those found for them.")
    package var count: Int = 10

    package init() {}
    package var source: RunArguments? { run }

    private static let nearest = 7

    package func validate() throws {
        if !(0...200).contains(count) { throw ValidationError("--count \(count): give 0 to 200") }
        if Neighbours.Distance(rawValue: distance) == nil {
            throw ValidationError("--distance \(distance): give cosine or euclidean")
        }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: walk.part, limit: walk.count, job)
        let field = try job.ranks.together { try subject.pictureField() }
        let found = try WalkedFeatures(subject, node: node)
        let raw = try job.ranks.together {
            guard found.label != nil else {
                throw InspectionError.unsuitableModel(
                    path: run.run, problem: "its data have no classes, by which what is found is judged")
            }
            return try subject.samples(numbered: Array(0..<found.count), part: walk.part.rawValue)
        }
        let measure = Neighbours.Distance(rawValue: distance) ?? .cosine
        let learned = try Self.results(subject, found.values, size: found.size, found.classes, measure)
        let plain = try Self.results(subject, raw.values, size: field.shape.count, found.classes, measure)
        return try job.ranks.together { page(found, raw, learned, plain) }
    }

    /// What is found for each sample: all ranks' grains in their order.
    private static func results(
        _ subject: Subject, _ values: [Float], size: Int, _ classes: [Int], _ distance: Neighbours.Distance
    ) throws -> [Neighbours.Found] {
        let neighbours = Neighbours(values, size: size, classes: classes, distance: distance)
        var places: [Int: Int] = [:]
        for position in classes.indices { places[subject.dataset?.sampleID(of: position) ?? position] = position }
        let numbers = try subject.evaluator(fields: []).map { [places] context in
            neighbours.find(context.batch.sampleIDs.compactMap { places[$0] }, nearest: nearest).flatMap { found in
                let near = found.nearest + Array(repeating: -1, count: nearest - found.nearest.count)
                return [found.averagePrecision ?? -1, found.nearestIsRight ? 1 : 0] + near.map(Double.init)
            }
        }.joined()
        let all = Array(numbers)
        return stride(from: 0, to: all.count, by: nearest + 2).map { start in
            Neighbours.Found(
                averagePrecision: all[start] < 0 ? nil : all[start], nearestIsRight: all[start + 1] == 1,
                nearest: all[start + 2..<start + 2 + nearest].filter { $0 >= 0 }.map { Int($0) })
        }
    }

    private func page(
        _ found: WalkedFeatures, _ raw: GivenSamples, _ learned: [Neighbours.Found], _ plain: [Neighbours.Found]
    ) -> LookPage {
        func mean(_ results: [Neighbours.Found]) -> Double {
            let precisions = results.compactMap(\.averagePrecision)
            return precisions.reduce(0, +) / Double(max(precisions.count, 1))
        }
        func share(_ results: [Neighbours.Found]) -> Double {
            Double(results.count(where: \.nearestIsRight)) / Double(max(results.count, 1))
        }
        func text(_ value: Double) -> String { String(format: "%.4f", value) }
        let (own, values) = (mean(learned), mean(plain))
        var page = LookPage(
            "Retrieval by \(found.node.name)",
            lead:
                "Each of \(found.count) samples asks for the others, the nearest (\(distance)) first. The mean average "
                + "precision is \(text(own)) by the \(found.size) values of \(found.node.name), and \(text(values)) by "
                + "the samples' own.",
            figures: [
                ("samples", "\(found.count)"), ("node", found.node.name), ("mAP", text(own)), ("rawMAP", text(values)),
                ("nearest", text(share(learned))), ("rawNearest", text(share(plain))),
            ])
        for (name, caption, results) in [
            ("", "The sample that asks, and the nearest by \(found.node.name).", learned),
            ("raw", "The nearest by the samples' own values.", plain),
        ] where count > 0 {
            let shown = (0..<min(count, found.count)).flatMap { asking in [asking] + results[asking].nearest }
            let labels = (0..<min(count, found.count)).flatMap { asking in
                ["\(found.names[found.classes[asking]]) asks"]
                    + results[asking].nearest.map { found.names[found.classes[$0]] }
            }
            page.parts.append(
                .pictures(raw.sheet(shown, name: name, caption: caption, columns: 1 + Self.nearest, labels: labels)))
        }
        let rows = found.names.enumerated().map { number, name in
            let members = found.classes.indices.filter { found.classes[$0] == number }
            return [
                name, "\(members.count)", text(mean(members.map { learned[$0] })),
                text(mean(members.map { plain[$0] })),
            ]
        }
        page.parts.append(
            .table(
                LookTable(
                    "Mean average precision by class.", head: ["class", "samples", found.node.name, "own values"],
                    rows: rows)))
        page.tensors = [
            LookTensor("averagePrecision", shape: [1], values: learned.map { Float($0.averagePrecision ?? .nan) }),
            LookTensor("rawAveragePrecision", shape: [1], values: plain.map { Float($0.averagePrecision ?? .nan) }),
        ]
        return page
    }
}
