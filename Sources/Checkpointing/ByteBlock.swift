import Glibc

/// Immutable bytes that live as long as somebody refers to them: a mapped file or a snapshot in memory.
///
/// `@unchecked Sendable`: the memory is written only by `init(count:fill:)`, before any other thread can see it, and
/// released only by `deinit`.
final class ByteBlock: @unchecked Sendable {
    /// All bytes; the first one is 64-byte aligned.
    let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Memory for `count` bytes, which `fill` writes once.
    init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        do {
            try fill(memory)
        } catch {
            memory.deallocate()
            throw error
        }
        bytes = UnsafeRawBufferPointer(memory)
        isMapped = false
    }

    /// A copy of `content`.
    convenience init(copying content: [UInt8]) {
        self.init(count: content.count) { $0.copyBytes(from: content) }
    }

    /// The content of the regular file at `path`, mapped read-only. Throws `CheckpointError.system`.
    ///
    /// A file that another process shortens while it is mapped ends this process with SIGBUS; files that are replaced
    /// by `rename` or unlinked stay readable.
    init(mapping path: String) throws(CheckpointError) {
        // O_NONBLOCK: a named pipe must not hang the caller before its type is checked.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .system(path: path, operation: "open", code: errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system(path: path, operation: "fstat", code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .system(
                path: path, operation: "open as a regular file",
                code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        isMapped = true
        let count = Int(status.st_size)
        guard count > 0 else {  // mmap refuses a length of zero
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else {
            throw .system(path: path, operation: "mmap", code: errno)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit {
        if !isMapped {
            bytes.deallocate()
        } else if let start = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        }
    }
}
