extension SafetensorsHeader {
    /// Reads and validates the header of the complete file `bytes`; also gives where the data begins.
    ///
    /// Checked: lengths, JSON, keys, names, element types, that each range has its shape's size and that the ranges
    /// fill the data exactly, without gap or overlap. Throws `wrongLength`, `invalidHeader` or `invalidTensor`.
    static func parse(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(CheckpointError) -> (header: SafetensorsHeader, dataStart: Int) {
        guard bytes.count >= lengthBytes else {
            throw .wrongLength(path: path, expected: lengthBytes, actual: bytes.count)
        }
        if let kind = ForeignFile(bytes) { throw .foreignFile(path: path, kind: kind) }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(maximumLength) else {
            throw .invalidHeader(
                path: path, offset: 0, problem: "the header's length is \(length), more than \(maximumLength)")
        }
        let dataStart = lengthBytes + Int(length)
        guard bytes.count >= dataStart else { throw .wrongLength(path: path, expected: dataStart, actual: bytes.count) }

        let text = UnsafeRawBufferPointer(rebasing: bytes[lengthBytes..<dataStart])
        let (metadata, found) = try scan(text, path: path)
        let dataByteCount = try checkLayout(found, dataByteCount: bytes.count - dataStart, path: path)
        guard dataStart + dataByteCount == bytes.count else {
            throw .wrongLength(path: path, expected: dataStart + dataByteCount, actual: bytes.count)
        }
        let entries = found.map(\.entry).sorted { precedesInFile($0.signature.name, $1.signature.name) }
        return (SafetensorsHeader(metadata: metadata, entries: entries, dataByteCount: dataByteCount), dataStart)
    }

    private typealias Found = (entry: SafetensorsEntry, offset: Int)

    private static func scan(
        _ text: UnsafeRawBufferPointer, path: String
    ) throws(CheckpointError) -> (metadata: [String: String], entries: [Found]) {
        var metadata: [String: String] = [:]
        var entries: [Found] = []
        var names: Set<String> = []
        var scanner = JSONScanner(text, path: path, fileOffset: lengthBytes)
        try scanner.object { (scanner, name) throws(CheckpointError) in
            let offset = scanner.offset
            guard names.insert(name).inserted else {
                throw .invalidHeader(path: path, offset: offset, problem: "the name '\(name)' is used twice")
            }
            if name != metadataKey {
                entries.append((try scanEntry(&scanner, name: name, path: path), offset))
                return
            }
            try scanner.object { (scanner, key) throws(CheckpointError) in
                let offset = scanner.offset
                guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
                    throw .invalidHeader(path: path, offset: offset, problem: "the metadata key '\(key)' is used twice")
                }
            }
        }
        try scanner.end()
        return (metadata, entries)
    }

    private static func scanEntry(_ scanner: inout JSONScanner, name: String, path: String) throws(CheckpointError)
        -> SafetensorsEntry
    {
        let offset = scanner.offset
        func invalid(_ problem: String) -> CheckpointError {
            .invalidTensor(path: path, offset: offset, tensor: name, problem: problem)
        }
        var typeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { (scanner, key) throws(CheckpointError) in
            switch key {
            case "dtype" where typeName == nil: typeName = try scanner.string()
            case "shape" where shape == nil: shape = try scanner.integers()
            case "data_offsets" where offsets == nil: offsets = try scanner.integers()
            default: throw invalid("unknown or repeated key '\(key)'")
            }
        }
        guard let typeName, let shape, let offsets else { throw invalid("dtype, shape or data_offsets is missing") }
        guard let dataType = SafetensorsDataType(rawValue: typeName) else {
            throw invalid("unknown dtype '\(typeName)'")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw invalid("data_offsets \(offsets) are not a range")
        }
        let signature = TensorSignature(name: name, dataType: dataType, shape: shape)
        guard let count = signature.byteCount else { throw invalid("shape \(shape) is too large") }
        guard count == offsets[1] - offsets[0] else {
            throw invalid("\(signature) takes \(count) bytes, data_offsets are \(offsets)")
        }
        return SafetensorsEntry(signature: signature, range: offsets[0]..<offsets[1])
    }

    /// Checks that the ranges lie in the data without gap or overlap and gives the end of the last one.
    private static func checkLayout(_ found: [Found], dataByteCount: Int, path: String) throws(CheckpointError) -> Int {
        let inDataOrder = found.sorted {
            ($0.entry.range.lowerBound, $0.entry.range.upperBound) < (
                $1.entry.range.lowerBound, $1.entry.range.upperBound
            )
        }
        var end = 0
        for (entry, offset) in inDataOrder {
            let range = entry.range
            func invalid(_ problem: String) -> CheckpointError {
                .invalidTensor(path: path, offset: offset, tensor: entry.signature.name, problem: problem)
            }
            guard range.lowerBound >= end else { throw invalid("its bytes overlap those of another tensor") }
            guard range.lowerBound == end else { throw invalid("there is a gap before its bytes") }
            guard range.upperBound <= dataByteCount else {
                throw invalid("its bytes end at \(range.upperBound) of only \(dataByteCount)")
            }
            end = range.upperBound
        }
        return end
    }
}
