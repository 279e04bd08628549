/// How many steps each row of a batch of sequences has; what stands behind them in a tensor [N, T, …] is padding.
///
/// Values at padded places are unspecified. Whatever mixes places masks them itself (``masked(_:)``) or works on the
/// rows that are there (``packed(_:)``), so that padding changes no value, gradient or statistic.
package final class SequenceLengths: Sendable {
    /// By row of the batch.
    package let counts: [Int]
    /// Σ of all rows.
    package let total: Int

    package init(_ counts: [Int]) {
        self.counts = counts
        total = counts.reduce(0, +)
    }

    /// Whether no row of tensors with so many steps is padded.
    package func areAll(_ steps: Int) -> Bool { counts.allSatisfy { $0 == steps } }

    /// Calls `body` with each row, where its steps begin in a tensor [N, `steps`, …] and in the packed one, and how
    /// many there are.
    func forEachRow(steps: Int, _ body: (_ row: Int, _ padded: Int, _ packed: Int, _ count: Int) -> Void) {
        var packed = 0
        for (row, count) in counts.enumerated() {
            body(row, row * steps, packed, count)
            packed += count
        }
    }

    func require(_ x: Variable, _ operation: String) {
        precondition(
            x.shape.rank >= 2 && x.shape[0] == counts.count && counts.allSatisfy { $0 <= x.shape[1] },
            "\(operation): lengths \(counts) of \(x.shape)")
    }
}
