import Glibc

/// Directory calls with checked statuses; all throw `SystemError.file`.
package enum Directory {
    /// The names in `path`, without "." and "..", in no particular order.
    package static func entries(of path: String) throws(SystemError) -> [String] {
        guard let stream = opendir(path) else { throw FileDescriptor.failure(path, "open directory") }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw FileDescriptor.failure(path, "read directory") }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    /// Creates `path` and the directories above it where they are missing.
    package static func create(_ path: String) throws(SystemError) {
        var built = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            built += "/" + component
            if mkdir(built, 0o777) != 0 && errno != EEXIST {
                let code = errno  // a read-only or foreign parent that exists already is no error
                var status = stat()
                guard stat(built, &status) == 0 else {
                    throw .file(path: built, operation: "create directory", code: code)
                }
            }
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileDescriptor.failure(path, "create directory") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .file(path: path, operation: "create directory", code: ENOTDIR)
        }
    }
}
