import ConfigurationReading
import TensorCore

/// F₁ = 2 TP / (2 TP + FP + FN) of two classes, the harmonic mean of precision and recall (van Rijsbergen 1979); a row
/// with a NaN is wrong.
///
/// TP counts the rows that have the positive class and are taken for it, FP those that are only taken for it, FN those
/// that only have it. A row of two scores is taken for the class of the larger, a single score for the second class
/// where it is above 0. NaN where no row has the positive class and none is taken for it.
package struct F1Score: Metric {
    /// The class, 0 or 1, that is looked for.
    package let positive: Int

    /// - Parameter positive: 0 or 1.
    package init(positive: Int = 1) {
        precondition(positive == 0 || positive == 1, "F1Score: positive = \(positive)")
        self.positive = positive
    }

    static let entry = MetricEntry(
        "f1", "F1 score of two classes: the harmonic mean of precision and recall of one of them."
    ) { reader in
        F1Score(
            positive: reader.value(
                "positive", .integer(in: 0...1), default: 1,
                "The class that is looked for: 1 for the second one, 0 for the first."))
    }

    package var description: MetricDescription {
        MetricDescription(
            positive == 1 ? "f1" : "f1Class0", title: positive == 1 ? "F1 score" : "F1 score of the first class",
            higherIsBetter: true, format: .fraction)
    }
    package var transform: MetricDefinition.Transform { .ratio }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        let rows = target.rowCount(for: output)
        let columns = output.count / max(rows, 1)
        var (found, mistaken) = (0, 0)
        for row in 0..<rows {
            let chosen = chosenClass(output.pointer + row * columns, columns)
            let isPositive = target.largestClass(row: row, columns: columns) == positive
            if isPositive, chosen == positive {
                found += 1
            } else if isPositive || chosen == positive || chosen < 0 {
                mistaken += 1
            }
        }
        return [Double(2 * found), Double(2 * found + mistaken)]
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        if let classes = target.meaning.choiceCount, classes != 2 {
            return "it is for two classes, and \(target.name) has \(classes); use accuracy"
        }
        return hasOneScoreForTwoClasses(output: output, target: target)
            ? nil : elementwiseProblem(output: output, target: target)
    }
}
