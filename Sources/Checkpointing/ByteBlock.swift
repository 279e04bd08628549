import System

/// Immutable bytes that live as long as somebody refers to them: a mapped file or a snapshot in memory.
///
/// `@unchecked Sendable`: the memory is written only by `init(count:fill:)`, before any other thread can see it, and
/// released only by `deinit`.
final class ByteBlock: @unchecked Sendable {
    /// All bytes; the first one is 64-byte aligned.
    let bytes: UnsafeRawBufferPointer
    /// Keeps the mapping of a file; nil for memory.
    private let file: MappedFile?

    /// Memory for `count` bytes, which `fill` writes once; it returns how many it has written, which must be all.
    ///
    /// The bytes are zero before, so that what a file gets is never what happened to be in memory.
    init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        do {
            let written = try fill(memory)
            precondition(written == count, "ByteBlock: \(written) of \(count) bytes were written")
        } catch {
            memory.deallocate()
            throw error
        }
        bytes = UnsafeRawBufferPointer(memory)
        file = nil
    }

    /// A copy of `content`.
    convenience init(copying content: [UInt8]) {
        self.init(count: content.count) {
            $0.copyBytes(from: content)
            return content.count
        }
    }

    /// The content of the regular file at `path`, mapped read-only. Throws `CheckpointError.system`.
    ///
    /// What another process does to the file, see `MappedFile`.
    init(mapping path: String) throws(CheckpointError) {
        let file = try CheckpointError.wrapping { () throws(SystemError) in try MappedFile(path) }
        bytes = file.bytes
        self.file = file
    }

    deinit { if file == nil { bytes.deallocate() } }
}
