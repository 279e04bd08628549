import NeuralNetwork

/// A confusion matrix as a table of the report: a row for each true class, a column for each that samples were taken
/// for, the darker the larger their share of the row; then the class's precision, recall and F1.
struct ConfusionHTML {
    let matrix: ConfusionMatrix
    /// The step of the validation.
    let step: Int

    var text: String {
        let classes = matrix.classes.indices
        let shown = Array(classes) + (matrix.hasUndecided ? [matrix.classes.count] : [])
        let heads = shown.map { "<th class=\"number\">\(escaped(name($0)))</th>" }.joined()
        let rates = ["precision", "recall", "F1"].map { "<th class=\"number\">\($0)</th>" }.joined()
        let rows = classes.map { row in
            let total = matrix.counts[row].reduce(0, +)
            let cells = shown.map { cell(matrix.counts[row][$0], of: total, isRight: $0 == row) }.joined()
            let figures = [matrix.precision(of: row), matrix.recall(of: row), matrix.f1(of: row)]
            return "<tr><th>\(escaped(name(row)))</th>\(cells)\(figures.map(rate).joined())</tr>"
        }
        let means = [matrix.mean(matrix.precision), matrix.mean(matrix.recall), matrix.mean(matrix.f1)]
        return """
            <figure class="card confusion"><figcaption>\(escaped(matrix.output)), step \(NumberText.grouped(step)): \
            true classes in rows, what they were taken for in columns</figcaption><table>
            <tr><th></th>\(heads)\(rates)</tr>
            \(rows.joined(separator: "\n"))
            <tr><th>mean of all</th><td colspan="\(shown.count)"></td>\(means.map(rate).joined())</tr>
            </table></figure>
            """
    }

    private func name(_ index: Int) -> String {
        index < matrix.classes.count ? matrix.classes[index] : "no number"
    }

    /// A count on the colour of right or wrong, as strong as its share of the row; nothing for 0.
    private func cell(_ count: Int, of total: Int, isRight: Bool) -> String {
        if count == 0 { return "<td class=\"number\"></td>" }
        let percent = Int((100 * Double(count) / Double(max(total, 1))).rounded())
        let color = isRight ? "c3" : "sign"
        return "<td class=\"number\" style=\"background: color-mix(in srgb, var(--\(color)) \(min(8 + percent, 100))%, "
            + "transparent)\">\(NumberText.grouped(count))</td>"
    }

    private func rate(_ value: Double) -> String {
        "<td class=\"number\">\(value.isNaN ? "–" : NumberText.fraction(value))</td>"
    }
}
