/// One record of a text file of separated values.
struct DelimitedRecord {
    /// The line that it begins in, counted from 1.
    let line: Int
    let cells: [String]
}

/// Reads separated values as RFC 4180 has them: a cell in double quotes may hold separators, line ends and, doubled,
/// quotes. Space around other cells does not count, nor do empty lines and a byte order mark; several spaces that
/// separate are one. A line ends with LF, CR LF or CR.
struct DelimitedText {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    /// In UTF-8.
    private let separator: [UInt8]
    private var offset = 0
    private var line = 1
    /// No value is as long; an open quote would make the rest of a file one.
    private static let longestCell = 1 << 20

    /// - Throws: `DataError.table` for UTF-16.
    init(_ bytes: UnsafeRawBufferPointer, path: String, separator: Character) throws(DataError) {
        self.bytes = bytes
        self.path = path
        self.separator = Array(String(separator).utf8)
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw .table(
                path: path, line: 1, column: nil,
                problem: "the file is UTF-16; convert it with iconv -f UTF-16 -t UTF-8")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    /// The next record; nil at the end.
    ///
    /// - Throws: `DataError.table` for a quote that is not closed or has something behind it, for what is no UTF-8, and
    ///   for a value without end.
    mutating func next() throws(DataError) -> DelimitedRecord? {
        while let byte = peek, DelimitedText.endsLine(byte) { advance() }
        guard peek != nil else { return nil }
        let first = line
        var cells: [String] = []
        while true {
            cells.append(try cell(number: cells.count + 1))
            guard isAtSeparator else { break }
            for _ in separator { advance() }
            if separator == [UInt8(ascii: " ")] {
                skipSpaces()
                if peek.map(DelimitedText.endsLine) ?? true { break }
            }
        }
        return DelimitedRecord(line: first, cells: cells)
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private var isAtSeparator: Bool {
        guard offset < bytes.count, bytes[offset] == separator[0] else { return false }
        if separator.count == 1 { return true }
        return offset + separator.count <= bytes.count
            && separator.indices.allSatisfy { bytes[offset + $0] == separator[$0] }
    }

    private mutating func advance() {
        let byte = bytes[offset]
        let isRestOfEnd = byte == UInt8(ascii: "\n") && offset > 0 && bytes[offset - 1] == UInt8(ascii: "\r")
        if DelimitedText.endsLine(byte), !isRestOfEnd { line += 1 }
        offset += 1
    }

    private mutating func skipSpaces() {
        while let byte = peek, byte == UInt8(ascii: " ") { advance() }
    }

    private static func endsLine(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    private mutating func cell(number: Int) throws(DataError) -> String {
        skipSpaces()
        if peek == UInt8(ascii: "\"") { return try quotedCell(number: number) }
        let start = offset
        while let byte = peek, !DelimitedText.endsLine(byte), !isAtSeparator { advance() }
        var end = offset
        while end > start, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
        guard end - start <= DelimitedText.longestCell else { throw tooLong(line, number) }
        return try text(Array(bytes[start..<end]), number)
    }

    private mutating func quotedCell(number: Int) throws(DataError) -> String {
        let first = line
        var content: [UInt8] = []
        advance()
        while let byte = peek {
            advance()
            if byte != UInt8(ascii: "\"") {
                content.append(byte)
                guard content.count <= DelimitedText.longestCell else { throw tooLong(first, number) }
            } else if peek == UInt8(ascii: "\"") {
                content.append(byte)
                advance()
            } else {
                if separator != [UInt8(ascii: " ")] { skipSpaces() }
                if let next = peek, !DelimitedText.endsLine(next), !isAtSeparator {
                    throw .table(
                        path: path, line: line, column: "\(number)",
                        problem: "something stands behind a closing quote; double the quotes inside of a quoted value")
                }
                return try text(content, number)
            }
        }
        throw .table(path: path, line: first, column: "\(number)", problem: "a quote is not closed; close it")
    }

    private func tooLong(_ line: Int, _ number: Int) -> DataError {
        .table(
            path: path, line: line, column: "\(number)",
            problem: "the value has more than \(DelimitedText.longestCell) bytes; close its quote, end its line, or "
                + "leave the column out of the file")
    }

    private func text(_ bytes: [UInt8], _ number: Int) throws(DataError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .table(
                path: path, line: line, column: "\(number)", problem: "the value is no text in UTF-8; convert the file")
        }
        return text
    }
}
