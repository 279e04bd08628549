import System

/// A tensor's entry in a file: its signature and where its bytes are, counted from the beginning of the data.
struct SafetensorsEntry: Equatable, Sendable {
    let signature: TensorSignature
    let range: Range<Int>
}

/// The header of a safetensors file: string metadata and the tensors' entries.
///
/// Format: eight bytes with the JSON's length (little-endian), the JSON, the tensors' bytes without gaps
/// (https://huggingface.co/docs/safetensors). This program writes the JSON in one way only: metadata first, tensors by
/// name, keys sorted, no white space but the spaces at the end that bring the data to a multiple of 64 bytes.
struct SafetensorsHeader: Equatable, Sendable {
    static let lengthBytes = 8
    /// The largest JSON that readers of the format accept, in bytes.
    static let maximumLength = 100_000_000
    static let metadataKey = "__metadata__"
    private static let alignment = 64

    var metadata: [String: String]
    /// Sorted by name.
    let entries: [SafetensorsEntry]
    let dataByteCount: Int

    /// Lays out tensors of these signatures: wider elements first, so that each is aligned, and by name among equals.
    ///
    /// Throws `CheckpointError.invalidName` for a name that is used twice or reserved.
    init(metadata: [String: String], signatures: [TensorSignature]) throws(CheckpointError) {
        var names: Set<String> = []
        for signature in signatures {
            guard signature.name != SafetensorsHeader.metadataKey else {
                throw .invalidName(name: signature.name, problem: "reserved by the file format")
            }
            guard names.insert(signature.name).inserted else {
                throw .invalidName(name: signature.name, problem: "two tensors have it")
            }
        }
        let inFileOrder = signatures.sorted {
            $0.dataType.byteCount == $1.dataType.byteCount
                ? precedesInFile($0.name, $1.name) : $0.dataType.byteCount > $1.dataType.byteCount
        }
        var end = 0
        var entries: [SafetensorsEntry] = []
        for signature in inFileOrder {
            guard let count = signature.byteCount else {
                preconditionFailure("SafetensorsHeader: \(signature.name) \(signature) is too large")
            }
            entries.append(SafetensorsEntry(signature: signature, range: end..<end + count))
            end += count
        }
        self.metadata = metadata
        self.entries = entries.sorted { precedesInFile($0.signature.name, $1.signature.name) }
        dataByteCount = end
    }

    /// A header read from a file whose entries were checked; `entries` are sorted by name.
    init(metadata: [String: String], entries: [SafetensorsEntry], dataByteCount: Int) {
        self.metadata = metadata
        self.entries = entries
        self.dataByteCount = dataByteCount
    }

    // MARK: Writing

    /// The bytes of the file before the data: length, JSON, padding.
    func encoded() -> [UInt8] {
        var text = json()
        let unpadded = SafetensorsHeader.lengthBytes + text.count
        let padded =
            (unpadded + SafetensorsHeader.alignment - 1) / SafetensorsHeader.alignment * SafetensorsHeader.alignment
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padded - unpadded))
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
    }

    /// The JSON without padding.
    func json() -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { precedesInFile($0.key, $1.key) }.map {
                "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))"
            }
            members.append("\"\(SafetensorsHeader.metadataKey)\":{\(pairs.joined(separator: ","))}")
        }
        for entry in entries {
            let shape = entry.signature.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(JSONText.quoted(entry.signature.name)):"
                    + "{\"data_offsets\":[\(entry.range.lowerBound),\(entry.range.upperBound)],"
                    + "\"dtype\":\(JSONText.quoted(entry.signature.dataType.rawValue)),\"shape\":[\(shape)]}")
        }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }
}
