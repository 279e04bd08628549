/// One record of a text file of separated values.
struct DelimitedRecord {
    /// The line that it begins in, counted from 1.
    let line: Int
    let cells: [String]
}

/// Reads separated values as RFC 4180 has them: a cell in double quotes may hold separators, line ends and, doubled,
/// quotes. Space around other cells does not count, nor do empty lines and a byte order mark.
struct DelimitedText {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    private let separator: UInt8
    private var offset = 0
    private var line = 1

    init(_ bytes: UnsafeRawBufferPointer, path: String, separator: UInt8) {
        self.bytes = bytes
        self.path = path
        self.separator = separator
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    /// The next record; nil at the end.
    ///
    /// - Throws: `DataError.table` for a quote that is not closed or has something behind it, and for what is no UTF-8.
    mutating func next() throws(DataError) -> DelimitedRecord? {
        while let byte = peek, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { advance() }
        guard peek != nil else { return nil }
        let first = line
        var cells: [String] = []
        while true {
            cells.append(try cell(number: cells.count + 1))
            guard let byte = peek, byte == separator else { break }
            advance()
        }
        return DelimitedRecord(line: first, cells: cells)
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func advance() {
        if bytes[offset] == UInt8(ascii: "\n") { line += 1 }
        offset += 1
    }

    private func isEnd(_ byte: UInt8) -> Bool {
        byte == separator || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    private mutating func cell(number: Int) throws(DataError) -> String {
        while let byte = peek, byte == UInt8(ascii: " ") { advance() }
        if peek == UInt8(ascii: "\"") { return try quotedCell(number: number) }
        let start = offset
        while let byte = peek, !isEnd(byte) { advance() }
        var end = offset
        while end > start, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
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
            } else if peek == UInt8(ascii: "\"") {
                content.append(byte)
                advance()
            } else {
                while let space = peek, space == UInt8(ascii: " ") { advance() }
                if let next = peek, !isEnd(next) {
                    throw .table(
                        path: path, line: line, column: "\(number)",
                        problem: "something stands behind a closing quote; double the quotes inside of a quoted value")
                }
                return try text(content, number)
            }
        }
        throw .table(path: path, line: first, column: "\(number)", problem: "a quote is not closed; close it")
    }

    private func text(_ bytes: [UInt8], _ number: Int) throws(DataError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .table(
                path: path, line: line, column: "\(number)", problem: "the value is no text in UTF-8; convert the file")
        }
        return text
    }
}
