import System

/// The content of a safetensors file: named tensors and string metadata, either mapped from a file or held in memory.
///
/// The value is immutable and cheap to copy. What it writes depends on metadata, names, shapes and values alone, so
/// equal contents give equal bytes.
package struct SafetensorsFile: Sendable {
    /// The metadata key of the checksum.
    package static let checksumKey = "sha256"

    /// Where the content was read from; "(in memory)" before it was written.
    package let path: String
    let header: SafetensorsHeader
    private let block: ByteBlock
    private let dataStart: Int
    private let indices: [String: Int]

    /// Maps the file at `path` and validates it completely except for its checksum.
    ///
    /// Throws `CheckpointError.system`, `wrongLength`, `invalidHeader` or `invalidTensor`.
    package init(path: String) throws(CheckpointError) {
        let block = try ByteBlock(mapping: path)
        let (header, dataStart) = try SafetensorsHeader.parse(block.bytes, path: path)
        self.init(path: path, header: header, block: block, dataStart: dataStart)
    }

    /// Copies and validates the bytes of a whole file, as `init(path:)` does; `path` is for messages.
    package init(copying content: [UInt8], path: String) throws(CheckpointError) {
        let block = ByteBlock(copying: content)
        let (header, dataStart) = try SafetensorsHeader.parse(block.bytes, path: path)
        self.init(path: path, header: header, block: block, dataStart: dataStart)
    }

    /// Copies the values of `sources`, each once, into memory laid out as in the file.
    ///
    /// Throws `CheckpointError.invalidName` for a name that is used twice or reserved.
    package init(metadata: [String: String], sources: [TensorSource]) throws(CheckpointError) {
        let header = try SafetensorsHeader(metadata: metadata, signatures: sources.map(\.signature))
        let ranges = Dictionary(
            header.entries.map { ($0.signature.name, $0.range) }, uniquingKeysWith: { first, _ in first })
        let block = ByteBlock(count: header.dataByteCount) { memory in
            var written = 0
            for source in sources {
                guard let range = ranges[source.signature.name], !range.isEmpty else { continue }
                source.copy(UnsafeMutableRawBufferPointer(rebasing: memory[range]))
                written += range.count
            }
            return written
        }
        self.init(path: "(in memory)", header: header, block: block, dataStart: 0)
    }

    private init(path: String, header: SafetensorsHeader, block: ByteBlock, dataStart: Int) {
        self.path = path
        self.header = header
        self.block = block
        self.dataStart = dataStart
        indices = Dictionary(
            zip(header.entries.map(\.signature.name), header.entries.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The string metadata (`__metadata__`).
    package var metadata: [String: String] { header.metadata }

    /// The tensors, sorted by name.
    package var tensors: [TensorSignature] { header.entries.map(\.signature) }

    /// The signature of the tensor called `name`, `nil` when there is none.
    package func tensor(_ name: String) -> TensorSignature? { indices[name].map { header.entries[$0].signature } }

    /// All tensors' bytes as they lie in the file.
    var data: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: block.bytes[dataStart..<dataStart + header.dataByteCount])
    }

    /// The bytes of the file before its data, as this program writes them.
    var encodedHeader: [UInt8] { header.encoded() }

    /// The bytes of a mapped file before its data, as they are; empty for content in memory.
    var originalHeader: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: block.bytes[..<dataStart]) }

    /// Calls `body` with the bytes of `entry`'s tensor.
    func withBytes<Result>(
        of entry: SafetensorsEntry, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        try withExtendedLifetime(block) { () throws(CheckpointError) in
            try body(UnsafeRawBufferPointer(rebasing: data[entry.range]))
        }
    }

    /// Calls `body` with the bytes of the tensor called `name`. Throws `CheckpointError.missingTensor` and what `body`
    /// throws.
    package func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        guard let index = indices[name] else { throw .missingTensor(path: path, tensor: name) }
        return try withBytes(of: header.entries[index], body)
    }

    /// The same tensors under other metadata; nothing is copied.
    func replacingMetadata(_ metadata: [String: String]) -> SafetensorsFile {
        var header = header
        header.metadata = metadata
        return SafetensorsFile(path: path, header: header, block: block, dataStart: dataStart)
    }

    /// Writes the file atomically to `path`. Throws `CheckpointError.system`; the previous file then stays as it was.
    package func write(to path: String) throws(CheckpointError) {
        try withFileParts { (parts) throws(CheckpointError) in
            try CheckpointError.wrapping { () throws(SystemError) in try AtomicFile.write(parts, to: path) }
        }
    }

    /// Calls `body` with the pieces that make up the file.
    func withFileParts(_ body: ([UnsafeRawBufferPointer]) throws(CheckpointError) -> Void) throws(CheckpointError) {
        let head = ByteBlock(copying: encodedHeader)
        try withExtendedLifetime((head, block)) { () throws(CheckpointError) in try body([head.bytes, data]) }
    }
}
