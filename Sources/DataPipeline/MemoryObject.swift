import Glibc

/// Anonymous memory behind a file descriptor (`memfd_create`, Linux 3.17), which other processes can map.
enum MemoryObject {
    private typealias Create = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
    // Linux constants that Glibc's module does not show to Swift.
    private static let closeOnExec: UInt32 = 1
    private static let allowSealing: UInt32 = 2
    private static let addSeals: Int32 = 1033
    private static let sealSealShrinkGrowWrite: Int32 = 1 | 2 | 4 | 8

    /// An empty object; `path` is the file whose content it will hold, for messages.
    static func create(path: String) throws(DataError) -> Int32 {
        guard let symbol = dlsym(nil, "memfd_create") else {
            throw .unreadable(
                path: path, operation: "memfd_create", reason: "not in this C library; unpack the file with gzip -dk")
        }
        let descriptor = unsafeBitCast(symbol, to: Create.self)("trainer-data", closeOnExec | allowSealing)
        guard descriptor >= 0 else { throw .failed("memfd_create", path: path) }
        return descriptor
    }

    /// Forbids every later change of size or content.
    static func seal(_ descriptor: Int32, path: String) throws(DataError) {
        guard fcntl(descriptor, addSeals, sealSealShrinkGrowWrite) == 0 else {
            throw .failed("fcntl(F_ADD_SEALS)", path: path)
        }
    }

    /// Appends `bytes`.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(DataError) {
        var offset = 0
        while offset < bytes.count {
            let written = Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
            if written < 0 {
                if errno == EINTR { continue }
                throw .failed("write to memory", path: path)
            }
            offset += written
        }
    }
}
