import Glibc

/// The bytes of a regular file, mapped read-only: all processes of a host share one copy in memory.
///
/// A file that another process shortens while it is mapped gives this process a SIGBUS, whose handler finds it in
/// ``MemoryRanges``; one that is replaced by
/// `rename` or unlinked stays readable.
///
/// `@unchecked Sendable`: set once in init, only read until deinit.
package final class MappedFile: @unchecked Sendable {
    /// All bytes, from a page's beginning.
    package let bytes: UnsafeRawBufferPointer

    /// Maps the regular file at `path`. Throws `SystemError.file` or `notRegular`.
    package convenience init(_ path: String) throws(SystemError) {
        let file = try MappedFile.open(path, reporting: path)
        defer { close(file) }
        let status = try MappedFile.status(of: file, path: path)
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .notRegular(path: path, isDirectory: status.st_mode & S_IFMT == S_IFDIR)
        }
        try self.init(descriptor: file, count: Int(status.st_size), path: path)
    }

    /// Maps the first `count` bytes of what is open as `descriptor`, which may be closed afterwards; `path` is for
    /// messages. Throws `SystemError.file`.
    package init(descriptor: Int32, count: Int, path: String) throws(SystemError) {
        guard count > 0 else {  // mmap refuses a length of zero
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
            throw .file(path: path, operation: "mmap", code: errno)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
        MemoryRanges.add(bytes, .file)
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        MemoryRanges.remove(bytes)
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }

    /// Opens `file` for reading, whatever it is; errors name it `path`. Throws `SystemError.file`.
    package static func open(_ file: String, reporting path: String) throws(SystemError) -> Int32 {
        // A pipe in the place of a file would wait for a writer; without waiting it is refused as no regular file.
        let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file(path: path, operation: "open", code: errno) }
        return descriptor
    }

    /// What is open as `descriptor`. Throws `SystemError.file`.
    package static func status(of descriptor: Int32, path: String) throws(SystemError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(path: path, operation: "fstat", code: errno) }
        return status
    }
}
