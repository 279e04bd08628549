import TensorCore

/// A table of how often samples of each class were taken for each, as an evaluation sums it up.
package struct ConfusionTable: Sendable, Equatable {
    /// The output that the table is about.
    package let output: String
    /// The names of the classes.
    package let classes: [String]
    /// The place of its first count in ``MetricSums/values``.
    package let first: Int

    /// The same table where `sums` more stand before its counts.
    package func moved(by sums: Int) -> ConfusionTable {
        ConfusionTable(output: output, classes: classes, first: first + sums)
    }

    /// Sums of K classes: K rows of K + 1, the last one for outputs that are no number.
    package var count: Int { classes.count * (classes.count + 1) }

    /// More classes than these are not tabled: every grain of an evaluation has all counts.
    package static let mostClasses = 100

    /// What a grain adds.
    ///
    /// - Parameters:
    ///   - output: [N, …, K] scores, or one score for two classes.
    ///   - target: a class a row.
    static func sums(_ output: Tensor, _ target: Target, classes: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: classes * (classes + 1))
        let rows = target.rowCount(for: output)
        let columns = output.count / max(rows, 1)
        for row in 0..<rows {
            let right = target.largestClass(row: row, columns: columns)
            let chosen = chosenClass(output.pointer + row * columns, columns)
            if right >= 0 { sums[right * (classes + 1) + (chosen < 0 ? classes : chosen)] += 1 }
        }
        return sums
    }

    /// The table that the sums come to.
    package func matrix(of sums: MetricSums) -> ConfusionMatrix {
        let width = classes.count + 1
        return ConfusionMatrix(
            output: output, classes: classes,
            counts: (0..<classes.count).map { row in
                (0..<width).map { Int(sums.values[first + row * width + $0]) }
            })
    }
}

/// How often samples of each class were taken for each.
package struct ConfusionMatrix: Sendable, Equatable {
    /// The output that it is about.
    package let output: String
    package let classes: [String]
    /// By true class, then by what a sample was taken for; behind the classes, outputs that are no number.
    package let counts: [[Int]]

    package init(output: String, classes: [String], counts: [[Int]]) {
        self.output = output
        self.classes = classes
        self.counts = counts
    }

    /// Samples, or positions, of all classes.
    package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// Whether some output was no number.
    package var hasUndecided: Bool { counts.contains { ($0.last ?? 0) > 0 } }

    /// TP / (TP + FP) of a class; NaN where nothing was taken for it.
    package func precision(of index: Int) -> Double {
        Double(counts[index][index]) / Double(counts.reduce(0) { $0 + $1[index] })
    }

    /// TP / (TP + FN) of a class; NaN where nothing has it.
    package func recall(of index: Int) -> Double {
        Double(counts[index][index]) / Double(counts[index].reduce(0, +))
    }

    /// 2 TP / (2 TP + FP + FN) of a class; NaN where it never occurs.
    package func f1(of index: Int) -> Double {
        let both = counts.reduce(0) { $0 + $1[index] } + counts[index].reduce(0, +)
        return Double(2 * counts[index][index]) / Double(both)
    }

    /// The mean of a rate over the classes, one that is NaN counted as 0, as scikit-learn does.
    package func mean(_ rate: (Int) -> Double) -> Double {
        let rates = classes.indices.map(rate)
        return rates.reduce(0) { $0 + ($1.isNaN ? 0 : $1) } / Double(max(rates.count, 1))
    }
}
