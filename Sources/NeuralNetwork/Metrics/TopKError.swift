import TensorCore

/// The share of rows in which k or more classes have a score at least as large as that of the right one; a row with a
/// NaN is wrong.
///
/// Equal scores count against the row, so that a model that gives all classes the same has an error of 1.
package struct TopKError: Metric {
    package let k: Int

    /// - Parameter k: at least 1.
    package init(k: Int) {
        precondition(k >= 1, "TopKError: k = \(k)")
        self.k = k
    }

    package var description: MetricDescription {
        MetricDescription("top\(k)Error", title: "Top-\(k) error", format: .fraction)
    }
    package var transform: MetricDefinition.Transform { .ratio }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        let rows = target.rowCount(for: output)
        let columns = output.count / max(rows, 1)
        var wrong = 0
        for row in 0..<rows {
            let scores = output.pointer + row * columns
            let right = target.largestClass(row: row, columns: columns)
            guard right >= 0 else {
                wrong += 1
                continue
            }
            let score = scores[right]
            var above = 0
            var hasNaN = false
            for column in 0..<columns {
                if scores[column].isNaN { hasNaN = true }
                if column != right, scores[column] >= score { above += 1 }
            }
            if hasNaN || above >= k { wrong += 1 }
        }
        return [Double(wrong), Double(rows)]
    }
}
