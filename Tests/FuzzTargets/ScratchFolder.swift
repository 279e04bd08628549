import Foundation

/// Files for readers that take a path, in memory where the system has that.
enum ScratchFolder {
    /// Removed when the program ends as it should; `TMPDIR` says where it is instead.
    static let path: String = {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/dev/shm"
        let isUsable = FileManager.default.isWritableFile(atPath: parent)
        let folder = (isUsable ? parent : NSTemporaryDirectory()) + "/trainer-fuzz-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            preconditionFailure("ScratchFolder: \(error)")
        }
        atexit { try? FileManager.default.removeItem(atPath: ScratchFolder.path) }
        return folder
    }()

    /// Writes a file, over one of the same name, and gives its path.
    static func write(_ bytes: UnsafeRawBufferPointer, to name: String) -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "ScratchFolder: \(file) cannot be opened: errno \(errno)")
        defer { close(descriptor) }
        let written = Foundation.write(descriptor, bytes.baseAddress, bytes.count)
        precondition(written == bytes.count, "ScratchFolder: \(written) of \(bytes.count) bytes of \(file) written")
        return file
    }
}
