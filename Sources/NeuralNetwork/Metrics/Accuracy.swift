import Kernels
import TensorCore

/// The share of rows whose largest score is that of the right class; a row with a NaN is wrong.
///
/// Of a target of values, the right class is where the row's largest value stands.
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
            let place = largest(output.pointer + row * columns, columns)
            if place >= 0, place == target.largestClass(row: row, columns: columns) { right += 1 }
        }
        return [Double(right), Double(rows)]
    }
}
