/// Reads the JSON (RFC 8259) of a safetensors header: objects, arrays, strings and non-negative integers, nothing else.
///
/// The caller asks for what the format has at each place, so input cannot make the reader recurse or build a tree.
/// Every failure is `CheckpointError.invalidHeader` with the byte's offset in the file.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    private let fileOffset: Int
    private var position = 0

    /// A scanner over `bytes`, which begin at `fileOffset` of the file at `path`.
    init(_ bytes: UnsafeRawBufferPointer, path: String, fileOffset: Int) {
        self.bytes = bytes
        self.path = path
        self.fileOffset = fileOffset
    }

    /// Where the next token begins in the file.
    var offset: Int {
        mutating get {
            skipWhitespace()
            return fileOffset + position
        }
    }

    /// Reads an object; `member` is called after each key and must read the value.
    mutating func object(_ member: (inout JSONScanner, String) throws(CheckpointError) -> Void) throws(CheckpointError)
    {
        try expect("{")
        if consume("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while consume(",")
        try expect("}")
    }

    /// Reads an array of non-negative integers.
    mutating func integers() throws(CheckpointError) -> [Int] {
        var values: [Int] = []
        try expect("[")
        if consume("]") { return values }
        repeat { values.append(try integer()) } while consume(",")
        try expect("]")
        return values
    }

    /// Reads a non-negative integer below 2⁶³, without sign, fraction, exponent or leading zero.
    mutating func integer() throws(CheckpointError) -> Int {
        let start = offset - fileOffset
        var value = 0
        while let digit = byte(at: position), digit >= 0x30, digit <= 0x39 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit - 0x30))
            guard !overflow, !carry else { throw failure("a number does not fit into 64 bits", at: start) }
            value = sum
            position += 1
        }
        guard position > start else { throw failure("expected a non-negative integer", at: start) }
        guard position == start + 1 || byte(at: start) != 0x30 else {
            throw failure("a number has a leading zero", at: start)
        }
        return value
    }

    /// Reads a string; it must be valid UTF-8 without lone surrogates or bare control characters.
    mutating func string() throws(CheckpointError) -> String {
        try expect("\"")
        let start = position - 1
        var content: [UInt8] = []
        while let next = byte(at: position) {
            position += 1
            switch next {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw failure("a string is not UTF-8", at: start)
                }
                return text
            case UInt8(ascii: "\\"): content.append(contentsOf: try escape())
            case 0..<0x20: throw failure("a string holds a control character", at: position - 1)
            default: content.append(next)
            }
        }
        throw failure("a string has no end", at: start)
    }

    /// Checks that only white space is left.
    mutating func end() throws(CheckpointError) {
        skipWhitespace()
        guard position == bytes.count else { throw failure("unexpected text after the header's object", at: position) }
    }

    // MARK: Pieces

    /// The UTF-8 of an escape sequence whose backslash has been read.
    private mutating func escape() throws(CheckpointError) -> [UInt8] {
        let start = position - 1
        guard let kind = byte(at: position) else { throw failure("a string has no end", at: start) }
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [kind]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): break
        default: throw failure("a string holds an unknown escape", at: start)
        }
        var code = UInt32(try hexadecimal())
        if code & 0xFC00 == 0xD800, byte(at: position) == UInt8(ascii: "\\"),
            byte(at: position + 1) == UInt8(ascii: "u")
        {
            position += 2
            let low = UInt32(try hexadecimal())
            guard low & 0xFC00 == 0xDC00 else { throw failure("a string holds half a surrogate pair", at: start) }
            code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw failure("a string holds half a surrogate pair", at: start)
        }
        return Array(String(scalar).utf8)
    }

    private mutating func hexadecimal() throws(CheckpointError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            let next = byte(at: position) ?? 0
            let digit: UInt8
            switch next {
            case 0x30...0x39: digit = next - 0x30
            case 0x41...0x46: digit = next - 0x41 + 10
            case 0x61...0x66: digit = next - 0x61 + 10
            default: throw failure("expected four hexadecimal digits", at: position)
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(CheckpointError) {
        guard consume(character) else { throw failure("expected '\(character)'", at: position) }
    }

    private mutating func consume(_ character: Unicode.Scalar) -> Bool {
        skipWhitespace()
        guard byte(at: position) == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let next = byte(at: position), next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D {
            position += 1
        }
    }

    private func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private func failure(_ problem: String, at index: Int) -> CheckpointError {
        .invalidHeader(path: path, offset: fileOffset + index, problem: problem)
    }
}
