import Foundation
import NeuralNetwork

/// A confusion matrix as lines of text: a row for each true class, a column for each that samples were taken for, then
/// the class's precision, recall and F1.
package struct ConfusionText {
    private let matrix: ConfusionMatrix

    package init(_ matrix: ConfusionMatrix) { self.matrix = matrix }

    package var text: String {
        let classes = matrix.classes.indices
        let shown = Array(classes) + (matrix.hasUndecided ? [matrix.classes.count] : [])
        func rates(_ values: [Double]) -> [String] { values.map { NumberText.fraction($0) } }
        var rows = [["true \\ taken for"] + shown.map(name) + ["precision", "recall", "F1"]]
        rows += classes.map { row in
            [name(row)] + shown.map { String(matrix.counts[row][$0]) }
                + rates([matrix.precision(of: row), matrix.recall(of: row), matrix.f1(of: row)])
        }
        rows.append(
            ["mean of all classes"] + shown.map { _ in "" }
                + rates([
                    matrix.mean(matrix.precision), matrix.mean(matrix.recall), matrix.mean(matrix.f1),
                ]))
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + space : space + cell.0
            }
            return cells.joined(separator: "  ")
        }
        return "confusion of \(matrix.output), \(NumberText.grouped(matrix.total)) in all\n"
            + lines.joined(separator: "\n")
    }

    /// A class, or what stands behind them.
    private func name(_ index: Int) -> String {
        index < matrix.classes.count ? matrix.classes[index] : "no number"
    }
}
