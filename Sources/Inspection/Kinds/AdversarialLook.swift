import ArgumentParser
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// Adversarial pictures, and how far accuracy falls.
package struct AdversarialLook: LookKind {
    package static let name = "adversarial"
    package static let abstract = "Adversarial pictures by FGSM and PGD, and the accuracy that is left."
    package static let discussion = """
        FGSM moves every pixel by epsilon along the sign of the loss's gradient (Goodfellow et al. 2015); PGD takes \
        many small steps and stays within epsilon (Madry et al. 2018). Epsilon is a share of the way from black to \
        white.
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(help: "How far pixels move, with commas between.")
    package var epsilon = NumberList([0.02, 0.05, 0.1, 0.2])

    @Option(help: "Steps of PGD.")
    package var steps: Int = 10

    @Option(help: "How far a step of PGD goes, as a share of epsilon.")
    package var stepSize: Double = 0.25

    @Flag(help: "Let PGD begin at a drawn point of the box.")
    package var randomStart = false

    @Option(help: "Pictures that are shown.")
    package var count: Int = 8

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if let bad = epsilon.numbers.first(where: { !(0...1).contains($0) }) {
            throw ValidationError("--epsilon \(bad): give 0 to 1")
        }
        if !(1...10_000).contains(steps) { throw ValidationError("--steps \(steps): give 1 to 10000") }
        if !(stepSize > 0 && stepSize <= 1) { throw ValidationError("--step-size \(stepSize): give more than 0, to 1") }
        if !(1...1000).contains(count) { throw ValidationError("--count \(count): give 1 to 1000") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: walk.part, limit: walk.count, job)
        let (classifier, field) = try job.ranks.together { (try subject.classifier(), try subject.inputField()) }
        let empty = GivenSamples(field: field, preprocessing: subject.preprocessing(of: field))
        let (model, limits) = (subject.model, empty.limits)
        let sums = try subject.evaluator(fields: [field.name, classifier.target.name]).map { [self] context in
            let classes = context.batch.integers(classifier.target.name).values.map { Int($0) }
            let batch = context.batch.input(field.name, pool: context.tape.pool)
            let attack = try Attack(model, scores: classifier.scores, limits: limits, on: context.tape)
            var counts = [Double(classes.count), Double(attack.classified(batch, as: classes).correct)]
            for epsilon in epsilon.numbers {
                let fast = attack.fastGradientSign(batch, classes: classes, epsilon: epsilon)
                let projected = self.projected(attack, batch, classes, epsilon, ids: context.batch.sampleIDs)
                counts += [fast, projected].map { Double(attack.classified($0, as: classes).correct) }
            }
            return counts
        }
        let total = sums.filter { !$0.isEmpty }.reduce([Double](repeating: 0, count: 2 + 2 * epsilon.numbers.count)) {
            zip($0, $1).map(+)
        }
        return try job.ranks.together { try page(subject, classifier, total) }
    }

    private func projected(
        _ attack: Attack, _ batch: Tensor, _ classes: [Int], _ epsilon: Double, ids: [Int]
    ) -> Tensor {
        let size = batch.shape.sample.count
        let start =
            randomStart
            ? ids.flatMap { Noise.uniform(count: size, key: RandomKey(seed: 0).folding(.drawing).folding($0)) } : nil
        return attack.projectedGradient(
            batch, classes: classes, epsilon: epsilon, stepSize: stepSize * epsilon, steps: steps, start: start)
    }

    private func page(_ subject: Subject, _ classifier: Subject.Classifier, _ total: [Double]) throws -> LookPage {
        func share(_ place: Int) -> String { String(format: "%.4f", total[place] / max(total[0], 1)) }
        let rows = epsilon.numbers.enumerated().map { index, epsilon in
            ["\(epsilon)", share(1), share(2 + 2 * index), share(3 + 2 * index)]
        }
        let last = 2 * epsilon.numbers.count
        var page = LookPage(
            "Adversarial pictures of \(subject.model.name)",
            lead:
                "How many of \(Int(total[0])) samples keep their class when each pixel moves by at most epsilon, a "
                + "share of the way from black to white.",
            figures: [
                ("samples", "\(Int(total[0]))"), ("accuracy", share(1)), ("fgsm", share(last)),
                ("pgd", share(last + 1)),
            ],
            parts: [
                .table(
                    LookTable("Accuracy.", head: ["epsilon", "as they are", "FGSM", "PGD, \(steps) steps"], rows: rows))
            ])
        let part = walk.part.rawValue
        let given = try subject.samples(numbered: Array(0..<min(count, subject.dataset?.count ?? 0)), part: part)
        let known = given.classes.map { $0 ?? 0 }
        try subject.withTape { tape in
            let attack = try Attack(subject.model, scores: classifier.scores, limits: given.limits, on: tape)
            let batch = given.tensor(0..<given.count, pool: tape.pool)
            func show(_ name: String, _ caption: String, _ values: Tensor) {
                let chosen = attack.classified(values, as: known).chosen
                let labels = zip(known, chosen).map {
                    classifier.names[$0] + ($0 == $1 ? "" : " → " + classifier.names[$1])
                }
                page.parts.append(
                    .pictures(given.sheet(of: values.values, name: name, caption: caption, labels: labels)))
            }
            show("picture", "The samples.", batch)
            for (index, epsilon) in epsilon.numbers.enumerated() {
                let isLast = index == self.epsilon.numbers.count - 1
                let fast = attack.fastGradientSign(batch, classes: known, epsilon: epsilon)
                show(isLast ? "" : "fgsm-\(epsilon)", "FGSM, epsilon \(epsilon).", fast)
                let ids = (0..<given.count).map { subject.dataset?.sampleID(of: $0) ?? $0 }
                let projected = projected(attack, batch, known, epsilon, ids: ids)
                show("pgd-\(epsilon)", "PGD, epsilon \(epsilon).", projected)
                page.tensors.append(LookTensor("fgsm-\(epsilon)", shape: given.field.shape, values: fast.values))
                page.tensors.append(LookTensor("pgd-\(epsilon)", shape: given.field.shape, values: projected.values))
            }
            page.tensors.append(LookTensor("labels", shape: [], values: known.map { Float($0) }))
            page.tensors.append(
                LookTensor("limits", shape: [2], values: given.limits.flatMap { [$0.black, $0.white] }))
            page.tensors.append(LookTensor("samples", shape: given.field.shape, values: batch.values))
            page.tensors.append(
                LookTensor(
                    "lossGradient", shape: given.field.shape,
                    values: attack.lossGradient(batch, classes: known).values))
        }
        return page
    }
}
