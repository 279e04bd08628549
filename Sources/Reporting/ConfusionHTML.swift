import Foundation
import NeuralNetwork

/// A confusion matrix as figures of the report: a row for each true class, a column for each that samples were taken
/// for, the stronger in colour the larger their share of the row; and each class's precision, recall and F1.
struct ConfusionHTML {
    let matrix: ConfusionMatrix
    /// More classes than these are a picture with the commonest confusions beside it: nobody reads so many numbers.
    static let mostNumbers = 24
    private static let shownPairs = 16

    func figures() throws -> String {
        let isTable = matrix.classes.count <= ConfusionHTML.mostNumbers
        return "<div class=\"pair\">\n\(isTable ? table : try heatMap)\n\(rates)\n</div>"
    }

    /// The classes, and behind them what is taken for none.
    private var columns: [Int] {
        Array(matrix.classes.indices) + (matrix.hasUndecided ? [matrix.classes.count] : [])
    }

    private func name(_ index: Int) -> String {
        index < matrix.classes.count ? matrix.classes[index] : "no number"
    }

    private var caption: String { "<h3>\(escaped(matrix.output))</h3>" }

    private var table: String {
        let heads = columns.map { "<th scope=\"col\">\(escaped(name($0)))</th>" }.joined()
        let rows = matrix.classes.indices.map { row in
            let total = matrix.counts[row].reduce(0, +)
            let cells = columns.map { cell(matrix.counts[row][$0], of: total, isRight: $0 == row) }.joined()
            return "<tr><th scope=\"row\">\(escaped(name(row)))</th>\(cells)</tr>"
        }
        return """
            <figure><figcaption>\(caption)<span class="note">rows: true class; columns: taken for</span></figcaption>
            <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix of \(escaped(matrix.output))">
            <table class="matrix">
            <tr><th></th>\(heads)</tr>
            \(rows.joined(separator: "\n"))
            </table></div></figure>
            """
    }

    /// A count on the colour of right or wrong; nothing for 0. Few mistakes are still to be seen.
    private func cell(_ count: Int, of total: Int, isRight: Bool) -> String {
        if count == 0 { return "<td></td>" }
        let share = Double(count) / Double(max(total, 1))
        let percent = Int((100 * (isRight ? share : max(0.16, min(1, 1.6 * share.squareRoot())))).rounded())
        return "<td style=\"background: color-mix(in srgb, var(--\(isRight ? "right" : "wrong")) \(percent)%, "
            + "var(--card))\">\(count)</td>"
    }

    /// The matrix as a picture, a pixel a cell, and the commonest confusions in words.
    private var heatMap: String {
        get throws {
            let size = matrix.classes.count
            var pixels = [UInt8](repeating: 24, count: size * size * 3)
            var pairs: [(count: Int, share: Double, right: Int, chosen: Int)] = []
            for row in 0..<size {
                let total = Double(max(matrix.counts[row].reduce(0, +), 1))
                for column in 0..<size where matrix.counts[row][column] > 0 {
                    let share = Double(matrix.counts[row][column]) / total
                    let strength = row == column ? share : max(0.3, min(1, 1.6 * share.squareRoot()))
                    let color: [Double] = row == column ? [88, 199, 155] : [245, 120, 120]
                    for channel in 0..<3 {
                        pixels[(row * size + column) * 3 + channel] = UInt8(24 + (color[channel] - 24) * strength)
                    }
                    if row != column { pairs.append((matrix.counts[row][column], share, row, column)) }
                }
            }
            // Of equal ones the first in the matrix.
            pairs.sort { ($1.count, $0.right, $0.chosen) < ($0.count, $1.right, $1.chosen) }
            let picture = try PNGFile.bytes(pixels, height: size, width: size, channels: 3)
            let lines = pairs.prefix(ConfusionHTML.shownPairs).map { pair in
                "<tr><td>\(escaped(name(pair.right)))</td><td>\(escaped(name(pair.chosen)))</td>"
                    + "<td class=\"number\">\(pair.count)</td>"
                    + "<td class=\"number\">\(percentText(pair.share))</td></tr>"
            }
            let heads = """
                <tr><th scope="col">true</th><th scope="col">taken for</th><th scope="col" class="number">times</th>\
                <th scope="col" class="number">of the class</th></tr>
                """
            let table = "<table class=\"rates\">\(heads)\n\(lines.joined(separator: "\n"))\n</table>"
            let words = lines.isEmpty ? "" : table
            return """
                <figure><figcaption>\(caption)<span class="note">down: true class; across: taken for</span></figcaption>
                \(HTMLReport.image(picture, alt: "Confusion matrix of \(matrix.output)", style: "heat"))
                \(words)</figure>
                """
        }
    }

    private var rates: String {
        let heads = ["precision", "recall", "F1", "samples"].map { "<th scope=\"col\" class=\"number\">\($0)</th>" }
        let rows = matrix.classes.indices.map { row in
            let figures = [matrix.precision(of: row), matrix.recall(of: row), matrix.f1(of: row)].map(percentText)
            let total = NumberText.grouped(matrix.counts[row].reduce(0, +))
            return line(name(row), figures + [total])
        }
        let means = [matrix.mean(matrix.precision), matrix.mean(matrix.recall), matrix.mean(matrix.f1)]
        return """
            <figure><figcaption><h3>By class</h3></figcaption>
            <div class="scroll" tabindex="0" role="region" aria-label="Rates by class of \(escaped(matrix.output))">
            <table class="rates">
            <tr><th scope="col">class</th>\(heads.joined())</tr>
            \(rows.joined(separator: "\n"))
            \(line("mean of all", means.map(percentText) + [NumberText.grouped(matrix.total)]))
            </table></div></figure>
            """
    }

    private func line(_ name: String, _ cells: [String]) -> String {
        "<tr><th scope=\"row\">\(escaped(name))</th>"
            + cells.map { "<td class=\"number\">\($0)</td>" }.joined() + "</tr>"
    }

    private func percentText(_ share: Double) -> String {
        share.isNaN ? "–" : String(format: "%.1f %%", 100 * share)
    }
}
