import ArgumentParser
import Foundation
import JobHealth
import NeuralNetwork
import Training

/// How often samples of each class were taken for each.
package struct ConfusionLook: LookKind {
    package static let name = "confusion"
    package static let abstract = "How often samples of each class of the test set were taken for each."

    @OptionGroup package var run: RunArguments

    package init() {}
    package var source: RunArguments? { run }

    package func page(_ job: LookJob) throws -> LookPage {
        let weights = try job.ranks.together { try TrainedWeights(run.run, config: run.config, data: run.data) }
        let evaluation = try weights.evaluate(.test, job.ranks, threads: job.threads)
        return try job.ranks.together {
            guard let first = evaluation.confusions.first else { throw TrainingError.noConfusion(path: run.run) }
            let right = first.classes.indices.reduce(0) { $0 + first.counts[$1][$1] }
            var page = LookPage(
                "Confusion of \(first.output)",
                lead:
                    "Rows are true classes, columns what they were taken for. Green is right and red is wrong, the "
                    + "darker the larger the share of the row.",
                figures: [
                    ("samples", "\(evaluation.samples)"), ("classes", "\(first.classes.count)"),
                    ("accuracy", String(format: "%.4f", Double(right) / Double(max(first.total, 1)))),
                ])
            for (index, matrix) in evaluation.confusions.enumerated() {
                page.parts.append(.pictures(Self.picture(matrix, name: index == 0 ? "" : matrix.output)))
                page.parts.append(.table(Self.table(matrix)))
                page.parts.append(.table(Self.pairs(matrix)))
            }
            return page
        }
    }

    /// A cell for each pair of classes.
    static func picture(_ matrix: ConfusionMatrix, name: String) -> PictureSheet {
        let count = matrix.classes.count
        let side = max(2, 480 / count)
        var canvas = Canvas(height: count * side, width: count * side)
        for row in 0..<count {
            let total = max(matrix.counts[row].reduce(0, +), 1)
            for column in 0..<count where matrix.counts[row][column] > 0 {
                let share = Double(matrix.counts[row][column]) / Double(total)
                // One mistake in a thousand is seen.
                let strength = Float(min(1, 0.12 + 0.88 * share.squareRoot()))
                let color: [Float] = row == column ? [0, 120, 80] : [190, 30, 40]
                canvas.fill(
                    row * side..<(row + 1) * side - 1, column * side..<(column + 1) * side - 1,
                    color.map { 255 - (255 - $0) * strength })
            }
        }
        return canvas.sheet(name, caption: "\(matrix.output): \(count) classes, in the order of the table.")
    }

    private static func table(_ matrix: ConfusionMatrix) -> LookTable {
        func rate(_ value: Double) -> String { value.isNaN ? "–" : String(format: "%.3f", value) }
        return LookTable(
            "Counts of \(matrix.output).",
            head: ["true \\ taken for"] + matrix.classes + ["precision", "recall", "F1"],
            rows: matrix.classes.indices.map { row in
                [matrix.classes[row]] + matrix.classes.indices.map { "\(matrix.counts[row][$0])" }
                    + [matrix.precision(of: row), matrix.recall(of: row), matrix.f1(of: row)].map(rate)
            })
    }

    private static func pairs(_ matrix: ConfusionMatrix) -> LookTable {
        let classes = matrix.classes.indices
        let all = classes.flatMap { row in classes.filter { $0 != row }.map { (row, $0, matrix.counts[row][$0]) } }
        let worst = all.filter { $0.2 > 0 }.sorted { ($1.2, $0.0, $0.1) < ($0.2, $1.0, $1.1) }.prefix(10)
        return LookTable(
            "The most frequent mistakes.", head: ["true", "taken for", "samples"],
            rows: worst.map { [matrix.classes[$0.0], matrix.classes[$0.1], "\($0.2)"] })
    }
}
