import Glibc

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
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
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
