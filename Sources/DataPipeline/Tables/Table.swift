import System

/// A table of texts with named columns: the rows of a file, every one complete.
struct Table {
    let path: String
    let columns: [String]
    private let rows: [DelimitedRecord]
    /// What stands for a value that is not known.
    private static let missing: Set<String> = ["", "?", "NA", "N/A", "NaN", "nan", "null"]

    /// Reads the whole file.
    ///
    /// - Throws: `DataError` with the line, and the column where there is one.
    init(_ file: SharedBytes, settings: TableSettings) throws(DataError) {
        guard let separator = settings.separator.asciiValue else {
            throw .tableSettings(path: file.path, problem: "the separator is no ASCII character; give one that is")
        }
        var rows = try Table.records(file, separator)
        var header: [String]?
        if settings.hasHeader, !rows.isEmpty { header = rows.removeFirst().cells }
        guard let first = rows.first else { throw .emptyFile(path: file.path) }
        let names = settings.columns ?? header ?? (1...first.cells.count).map(String.init)
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
        path = file.path
        columns = names
        self.rows = rows
    }

    private static func records(_ file: SharedBytes, _ separator: UInt8) throws(DataError) -> [DelimitedRecord] {
        var result: [DelimitedRecord] = []
        var failure: DataError?
        file.withUnsafeBytes { bytes in
            var text = DelimitedText(bytes, path: file.path, separator: separator)
            do throws(DataError) {
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
        if let index = columns.firstIndex(of: name) { return index }
        if let number = Int(name), (1...columns.count).contains(number) { return number - 1 }
        throw .unknownColumn(
            path: path, key: key, name: name, known: columns,
            nearest: Int(name) == nil ? nearestName(to: name, among: columns) : nil)
    }

    /// The texts of a column with the lines that their rows begin in, missing ones among them.
    func cells(_ column: Int) -> [(line: Int, text: String)] { rows.map { ($0.line, $0.cells[column]) } }

    /// Whether a text stands for a value that is not known.
    static func isMissing(_ text: String) -> Bool { missing.contains(text) }

    /// The texts of a column, none of them missing.
    func texts(_ column: Int) throws(DataError) -> [String] {
        var result: [String] = []
        result.reserveCapacity(count)
        for row in rows {
            if Table.missing.contains(row.cells[column]) { throw missingValue(row, column) }
            result.append(row.cells[column])
        }
        return result
    }

    /// The numbers of a column.
    ///
    /// - Parameter remedy: what to do when the column was not meant to be of numbers.
    func numbers(_ column: Int, remedy: String) throws(DataError) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(count)
        for row in rows {
            let text = row.cells[column]
            if Table.missing.contains(text) { throw missingValue(row, column) }
            guard let value = Double(text), Float(value).isFinite else {
                throw .table(
                    path: path, line: row.line, column: columns[column],
                    problem: "'\(text)' is no number; correct it, or \(remedy)")
            }
            result.append(Float(value))
        }
        return result
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

    private func missingValue(_ row: DelimitedRecord, _ column: Int) -> DataError {
        .table(
            path: path, line: row.line, column: columns[column],
            problem:
                "the value is missing ('\(row.cells[column])'); fill it in, remove the row, or leave the column out "
                + "with data.ignore")
    }
}
