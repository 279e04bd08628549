import Glibc

/// An open file that closes itself; every call checks its status and throws `SystemError.file`.
struct FileDescriptor: ~Copyable {
    let path: String
    private let number: Int32
    private var isOpen = true

    /// Opens `path` with `flags` (close-on-exec is added); a new file gets `mode` less the process's mask.
    init(_ path: String, flags: Int32, mode: mode_t = 0o666) throws(SystemError) {
        self.path = path
        number = open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw FileDescriptor.failure(path, flags & O_CREAT != 0 ? "create" : "open") }
    }

    deinit { if isOpen { Glibc.close(number) } }

    /// Writes all of `bytes`, however many calls that takes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(number, rest.baseAddress, min(rest.count, 1 << 30))
            if written < 0 {
                if errno == EINTR { continue }
                throw FileDescriptor.failure(path, "write")
            }
            guard written > 0 else { throw .file(path: path, operation: "write", code: EIO) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Reads until `buffer` is full or the file ends; gives how many bytes came.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = Glibc.read(number, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileDescriptor.failure(path, "read")
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Waits until the file's content, or the directory's entries, are on the disk.
    func synchronize() throws(SystemError) {
        while fsync(number) != 0 {
            if errno != EINTR { throw FileDescriptor.failure(path, "fsync") }
        }
    }

    /// Asks the system to forget its copy in memory, so that the next read comes from the disk; it may ignore that.
    func dropCache() { posix_fadvise(number, 0, 0, POSIX_FADV_DONTNEED) }

    /// Closes the file; network file systems report late write errors here.
    consuming func close() throws(SystemError) {
        isOpen = false
        // After EINTR the descriptor is gone on Linux; the data was synchronised before.
        if Glibc.close(number) != 0 && errno != EINTR { throw FileDescriptor.failure(path, "close") }
    }

    /// The present `errno` as an error of `operation` on `path`.
    static func failure(_ path: String, _ operation: String) -> SystemError {
        .file(path: path, operation: operation, code: errno)
    }
}
