import Kernels
import TensorCore

/// The share of rows whose scores are for the right class; a row with a NaN is wrong.
///
/// A row of K scores is for the class of the largest, a single score of two classes for the second one where it is
/// above 0. Of a target of values, the right class is where the row's largest value stands.
package struct Accuracy: Metric {
    package init() {}

    package var description: MetricDescription {
        MetricDescription("accuracy", higherIsBetter: true, format: .fraction, complement: "error")
    }
    package var transform: MetricDefinition.Transform { .ratio }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        let rows = target.rowCount(for: output)
        let columns = output.count / max(rows, 1)
        var right = 0
        for row in 0..<rows {
            let place = chosenClass(output.pointer + row * columns, columns)
            if place >= 0, place == target.largestClass(row: row, columns: columns) { right += 1 }
        }
        return [Double(right), Double(rows)]
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        hasOneScoreForTwoClasses(output: output, target: target)
            ? nil : elementwiseProblem(output: output, target: target)
    }
}
