import ArgumentParser
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// The samples that a classifier errs about most.
package struct MistakeLook: LookKind {
    package static let name = "mistakes"
    package static let abstract = "The worst samples: those whose own class was found least likely."

    package static let discussion = "Of all samples of the part, unless --limit says otherwise."

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(help: "Samples that are shown.")
    package var count: Int = 40

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(1...1000).contains(count) { throw ValidationError("--count \(count): give 1 to 1000") }
    }

    /// What is known of a sample.
    private struct Judged {
        var place: Int
        var label: Int
        var chosen: Int
        var loss: Double
        var confidence: Double
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: walk.part, limit: walk.limit == nil ? nil : walk.count, job)
        let (classifier, field) = try job.ranks.together { (try subject.classifier(), try subject.pictureField()) }
        let graph = try TappedGraph(subject.model, to: [classifier.scores])
        let rows = try subject.evaluator(fields: [field.name, classifier.target.name]).map { context in
            let classes = context.batch.integers(classifier.target.name).values.map { Int($0) }
            let scores = graph.values(context, from: field.name)[0]
            let width = scores.count / max(classes.count, 1)
            var logarithms = [Float](repeating: 0, count: scores.count)
            softmax(scores.pointer, rows: classes.count, columns: width, logarithm: true, into: &logarithms)
            return classes.enumerated().flatMap { row, label in
                let chosen = largest(scores.pointer + row * width, width)
                return [
                    Double(label), Double(chosen), Double(-logarithms[row * width + label]),
                    exp(Double(logarithms[row * width + max(chosen, 0)])),
                ]
            }
        }.joined()
        let numbers = Array(rows)
        let judged = (0..<numbers.count / 4).map { place in
            Judged(
                place: place, label: Int(numbers[4 * place]), chosen: Int(numbers[4 * place + 1]),
                loss: numbers[4 * place + 2], confidence: numbers[4 * place + 3])
        }
        return try job.ranks.together { try page(subject, classifier, judged) }
    }

    private func page(_ subject: Subject, _ classifier: Subject.Classifier, _ judged: [Judged]) throws -> LookPage {
        let wrong = judged.filter { $0.label != $0.chosen }
        let worst = Array(wrong.sorted { ($1.loss, $0.place) < ($0.loss, $1.place) }.prefix(count))
        func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
        let given = try subject.samples(numbered: worst.map(\.place), part: walk.part.rawValue)
        let labels = worst.enumerated().map { index, sample in
            "\(given.names[index]): \(classifier.names[sample.label]), taken for "
                + "\(classifier.names[max(sample.chosen, 0)]) with \(percent(sample.confidence)), its own "
                + "\(percent(exp(-sample.loss)))"
        }
        let sheet =
            given.count > 0
            ? [
                LookPage.Part.pictures(
                    given.sheet(0..<given.count, name: "", caption: "The worst first.", labels: labels))
            ]
            : []
        let rows = zip(worst, given.names).map { sample, name in
            [
                name, classifier.names[sample.label], classifier.names[max(sample.chosen, 0)],
                percent(sample.confidence), String(format: "%.4f", sample.loss),
            ]
        }
        return LookPage(
            "Mistakes of \(subject.model.name)",
            lead:
                "\(wrong.count) of \(judged.count) samples were taken for another class. Probabilities are the "
                + "softmax of the scores.",
            figures: [
                ("samples", "\(judged.count)"), ("mistakes", "\(wrong.count)"),
                ("worst", given.names.first ?? "none"),
            ],
            parts: sheet + [
                .table(
                    LookTable(
                        "The samples shown.", head: ["sample", "class", "taken for", "with", "loss"], rows: rows))
            ])
    }
}
