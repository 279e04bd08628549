import Foundation

/// An empty directory for one test, removed with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
    /// Absolute, without a slash at the end.
    package let path: String

    /// A directory on the disk, or in memory if that is asked for and the system has `/dev/shm`: there fsync costs
    /// nothing.
    package init(inMemory: Bool = false) throws {
        let memory = URL(fileURLWithPath: "/dev/shm")
        let isUsable = inMemory && FileManager.default.isWritableFile(atPath: memory.path)
        let parent = isUsable ? memory : FileManager.default.temporaryDirectory
        let directory = parent.appendingPathComponent("trainer-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        path = directory.path
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("TemporaryDirectory: \(path) could not be removed: \(error)")
        }
    }

    /// The path of `name` in the directory.
    package func file(_ name: String) -> String { path + "/" + name }

    /// The names in the directory, hidden ones included, sorted.
    package func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

    /// Writes `bytes` to `name`, which need not exist, and gives its path.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        unlink(file(name))  // some file systems wait for the disk when a file is overwritten, but not for a new one
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// The bytes of `name`.
    package func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
    }
}
