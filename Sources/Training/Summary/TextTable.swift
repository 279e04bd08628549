/// Rows of cells in columns, texts to the left and numbers to the right, with last rows under a line.
package struct TextTable {
    let header: [String]
    let rows: [[String]]
    let last: [[String]]
    let isText: [Bool]

    /// - Parameters:
    ///   - last: none for a table without totals.
    ///   - isText: for each column whether it holds texts.
    package init(header: [String], rows: [[String]], last: [[String]] = [], isText: [Bool]) {
        self.header = header
        self.rows = rows
        self.last = last
        self.isText = isText
    }

    /// The table with a line break at its end.
    package var text: String {
        let all = [header] + rows + last
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            var result = ""
            for (column, cell) in cells.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                result += (column > 0 ? "  " : "") + (isText[column] ? cell + space : space + cell)
            }
            while result.last == " " { result.removeLast() }
            return result + "\n"
        }
        let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1)) + "\n"
        return line(header) + rule + rows.map(line).joined() + (last.isEmpty ? "" : rule + last.map(line).joined())
    }
}
