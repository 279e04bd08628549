import Glibc

/// The system's text for an `errno` value.
func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }

/// A file that only grows, one whole record at a time.
///
/// A record is one `write(2)`. When the disk fills in the middle of one, the torn part is cut off again, so that the
/// file always ends after a whole record.
package final class AppendingFile {
    package let path: String
    private let descriptor: Int32

    /// Opens `path` for appending and makes it when it does not exist.
    package init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw ReportingError.system("open", path, code: errno) }
    }

    deinit { close(descriptor) }

    /// Appends `record` whole or not at all.
    package func append(_ record: [UInt8]) throws {
        let start = lseek(descriptor, 0, SEEK_END)
        var written = 0
        repeat { written = write(descriptor, record, record.count) } while written < 0 && errno == EINTR
        if written == record.count { return }
        // A short write comes without an error code; on a regular file it means that space ran out.
        let code = written < 0 ? errno : ENOSPC
        if written > 0, start >= 0, ftruncate(descriptor, start) != 0 {
            throw ReportingError.system("cut the torn last record off", path, code: errno)
        }
        throw ReportingError.system("append to", path, code: code)
    }
}

/// Replaces the file at `path` by `bytes` in one step: a reader sees the old file or the new one, never a part.
///
/// - Parameter isDurable: whether the bytes must survive a power cut before this returns (`fsync`).
func replaceFile(at path: String, with bytes: [UInt8], isDurable: Bool) throws {
    let temporary = path + ".tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw ReportingError.system("write", temporary, code: errno) }
    func fail(_ operation: String, _ code: Int32) -> ReportingError {
        unlink(temporary)
        return ReportingError.system(operation, path, code: code)
    }
    var offset = 0
    while offset < bytes.count {
        let count = bytes[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        if count <= 0 {
            let code = count < 0 ? errno : ENOSPC
            close(descriptor)
            throw fail("write", code)
        }
        offset += count
    }
    if isDurable && fsync(descriptor) != 0 {
        let code = errno
        close(descriptor)
        throw fail("flush", code)
    }
    if close(descriptor) != 0 { throw fail("close", errno) }
    if rename(temporary, path) != 0 { throw fail("replace", errno) }
}

/// The bytes of the file at `path`, or nil when there is no such file.
func readFile(at path: String) throws -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
        if errno == ENOENT { return nil }
        throw ReportingError.system("read", path, code: errno)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { throw ReportingError.system("read", path, code: errno) }
        if count == 0 { return bytes }
        bytes.append(contentsOf: chunk[..<count])
    }
}
