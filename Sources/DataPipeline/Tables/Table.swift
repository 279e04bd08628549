import System

/// A table of texts with named columns: the rows of a file, every one complete.
struct Table {
    /// What becomes of values that are not known.
    enum MissingValues {
        case kept
        /// The remedy ends the error.
        case refused(remedy: String)
    }

    let path: String
    let columns: [String]
    private let rows: [DelimitedRecord]
    private let decimal: TableSettings.Decimal
    private let hasHeader: Bool
    /// What stands for a value that is not known.
    private let missing: Set<String>
    private static let usualMissing: Set<String> = ["", "?", "NA", "N/A", "NaN", "nan", "null"]

    /// Reads the whole file.
    ///
    /// - Throws: `DataError` with the line, and the column where there is one.
    init(_ file: SharedBytes, settings: TableSettings) throws(DataError) {
        var rows = try Table.records(file, settings.separator)
        decimal = settings.decimal
        hasHeader = settings.hasHeader
        missing = Table.usualMissing.union(settings.missing)
        path = file.path
        var header: DelimitedRecord?
        if settings.hasHeader, !rows.isEmpty { header = rows.removeFirst() }
        if settings.headerIsGuess.isOne, let header { try Table.checkHeader(header, path, decimal) }
        guard let first = rows.first else { throw .emptyFile(path: file.path) }
        let names = settings.columns ?? header?.cells ?? (1...first.cells.count).map(String.init)
        if header == nil, first.cells == settings.columns {
            throw .table(
                path: path, line: first.line, column: nil,
                problem: "the first row holds the names of data.columns; set data.header: true, which skips it")
        }
        for row in rows where row.cells.count != names.count {
            throw .table(
                path: file.path, line: row.line, column: nil,
                problem:
                    "\(row.cells.count) values for \(names.count) columns; complete the row, or name the separator "
                    + "and all columns")
        }
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw .tableSettings(
                path: file.path, problem: "two columns are named '\(name)'; give names with data.columns")
        }
        columns = names
        self.rows = rows
    }

    /// Refuses a first row that looks like any other.
    private static func checkHeader(
        _ row: DelimitedRecord, _ path: String, _ decimal: TableSettings.Decimal
    ) throws(DataError) {
        let numbers = row.cells.filter { number($0, decimal) != nil }
        // Years and places may be names; what has a fraction, or a whole row of numbers, is hardly.
        guard let odd = numbers.first(where: { Int($0).map { $0 < 0 } ?? true }) ?? numbers.first,
            numbers.count == row.cells.count || Int(odd).map({ $0 < 0 }) ?? true
        else { return }
        throw .table(
            path: path, line: row.line, column: nil,
            problem: "the first row holds '\(odd)' and does not look like names of columns; set data.header: false, "
                + "which numbers the columns from 1, name them with data.columns, or set data.header: true if these "
                + "are names")
    }

    private static func records(_ file: SharedBytes, _ separator: Character) throws(DataError) -> [DelimitedRecord] {
        var result: [DelimitedRecord] = []
        var failure: DataError?
        file.withUnsafeBytes { bytes in
            do throws(DataError) {
                var text = try DelimitedText(bytes, path: file.path, separator: separator)
                while let record = try text.next() { result.append(record) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return result
    }

    /// The number of rows.
    var count: Int { rows.count }

    /// The place of a column.
    ///
    /// - Parameter key: the setting that names it, for messages.
    func index(_ name: String, key: String) throws(DataError) -> Int {
        if let index = place(of: name) { return index }
        throw .unknownColumn(
            path: path, key: key, name: name, known: columns,
            nearest: Int(name) == nil ? nearestName(to: name, among: columns) : nil)
    }

    /// The place of a column; nil where there is none.
    func place(of name: String) -> Int? {
        if let index = columns.firstIndex(of: name) { return index }
        return Int(name).flatMap { (1...columns.count).contains($0) ? $0 - 1 : nil }
    }

    /// The texts of a column with the lines that their rows begin in, missing ones among them.
    func cells(_ column: Int) -> [(line: Int, text: String)] { rows.map { ($0.line, $0.cells[column]) } }

    /// Whether a text stands for a value that is not known.
    static func isMissing(_ text: String) -> Bool { usualMissing.contains(text) }

    /// Whether a value of a column is not known.
    func hasMissing(_ column: Int) -> Bool { rows.contains { missing.contains($0.cells[column]) } }

    /// The texts of a column, none of them missing.
    func texts(_ column: Int) throws(DataError) -> [String] {
        try texts(column, missing: .refused(remedy: Table.usualRemedy)).map { $0 ?? "" }
    }

    /// The texts of a column, nil where they are missing.
    func texts(_ column: Int, missing policy: MissingValues) throws(DataError) -> [String?] {
        var result: [String?] = []
        result.reserveCapacity(count)
        for row in rows {
            let isKnown = try isKnown(row, column, policy)
            result.append(isKnown ? row.cells[column] : nil)
        }
        return result
    }

    /// The numbers of a column, NaN where they are missing.
    ///
    /// - Parameter remedy: what to do when the column was not meant to be of numbers.
    func numbers(
        _ column: Int, remedy: String, missing policy: MissingValues = .refused(remedy: Table.usualRemedy)
    ) throws(DataError) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(count)
        for (place, row) in rows.enumerated() {
            let text = row.cells[column]
            guard try isKnown(row, column, policy) else {
                result.append(.nan)
                continue
            }
            guard let value = Table.number(text, decimal), Float(value).isFinite else {
                throw problem(
                    row.line, column,
                    "'\(text)' is no number; correct it, \(hint(text, isFirst: place == 0))or \(remedy)")
            }
            result.append(Float(value))
        }
        return result
    }

    /// What is wrong with a value at a line.
    func problem(_ line: Int, _ column: Int, _ problem: String) -> DataError {
        .table(path: path, line: line, column: columns[column], problem: problem)
    }

    /// The different texts of a column in order: of numbers their own, else that of their UTF-8.
    static func categories(_ texts: [String]) -> [String] {
        let distinct = Set(texts)
        let numbers = distinct.compactMap { text in Double(text).map { (text, $0) } }
        if numbers.count == distinct.count, Set(numbers.map(\.1)).count == distinct.count {
            return numbers.sorted { $0.1 < $1.1 }.map(\.0)
        }
        return distinct.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The number that a text is; nil where it is none.
    static func number(_ text: String, _ decimal: TableSettings.Decimal) -> Double? {
        if decimal == .point { return Double(text) }
        // A point in between would be one of thousands, or of another convention.
        return text.contains(".") ? nil : Double(String(text.map { $0 == "," ? "." : $0 }))
    }

    private static let usualRemedy = "fill it in, remove the row, or leave the column out with data.ignore"

    /// What else may be the matter where a number should stand.
    private func hint(_ text: String, isFirst: Bool) -> String {
        let other: TableSettings.Decimal = decimal == .point ? .comma : .point
        if Table.number(text, other) != nil { return "set data.decimal: \(other.rawValue), " }
        return isFirst && !hasHeader ? "set data.header: true if the first row names the columns, " : ""
    }

    private func isKnown(_ row: DelimitedRecord, _ column: Int, _ policy: MissingValues) throws(DataError) -> Bool {
        guard missing.contains(row.cells[column]) else { return true }
        guard case .refused(let remedy) = policy else { return false }
        throw problem(row.line, column, "the value is missing ('\(row.cells[column])'); \(remedy)")
    }
}
