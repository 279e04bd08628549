import Glibc

/// Replaces whole files so that, whatever happens, the name holds either the old content or the new one.
package enum AtomicFile {
    /// Writes `parts` one after another to a temporary file beside `path`, synchronises it, renames it to `path` and
    /// synchronises the directory.
    ///
    /// With `verifying` the temporary file is read back before it takes the name, so that a disk that loses or changes
    /// bytes does not cost the previous file either; then `SystemError.verificationFailed` is thrown as well.
    /// On any error the temporary file is removed, the previous file stays as it was and `SystemError.file` is
    /// thrown; only if the last step fails, the new file is already in place. A path must not be written by two threads
    /// at once. Exceeding a file-size limit is an error only where SIGXFSZ is ignored; by default the system ends the
    /// process. Where `isDurable` is false nothing is synchronised: a power cut may cost the new content.
    package static func write(
        _ parts: [UnsafeRawBufferPointer], to path: String, verifying: Bool = false, isDurable: Bool = true
    ) throws(SystemError) {
        let temporary = temporaryPath(for: path)
        // What a dead process of the same number left behind; O_EXCL below then follows no link.
        if unlink(temporary) != 0 && errno != ENOENT { throw FileDescriptor.failure(temporary, "remove") }
        do throws(SystemError) {
            let file = try FileDescriptor(temporary, flags: O_WRONLY | O_CREAT | O_EXCL)
            for part in parts { try file.write(part) }
            if isDurable { try file.synchronize() }
            try file.close()
            if verifying { try verify(parts, at: temporary) }
            guard rename(temporary, path) == 0 else { throw FileDescriptor.failure(path, "replace") }
        } catch {
            unlink(temporary)
            throw error
        }
        if isDurable { try synchronizeDirectory(directory(of: path)) }
    }

    /// Writes `text` as UTF-8, as `write(_:to:)` does.
    package static func write(text: String, to path: String) throws(SystemError) {
        try write(bytes: Array(text.utf8), to: path)
    }

    /// Writes `bytes`, as `write(_:to:)` does.
    package static func write(bytes: [UInt8], to path: String, isDurable: Bool = true) throws(SystemError) {
        let result = bytes.withUnsafeBytes { part in
            Result { () throws(SystemError) in try write([part], to: path, isDurable: isDurable) }
        }
        try result.get()
    }

    /// Reads the file at `path` back, from the disk where the system allows, and compares it with `parts`.
    ///
    /// Throws `SystemError.verificationFailed` with the first differing 1 MiB piece's offset, or `system`. Memory:
    /// 1 MiB.
    package static func verify(_ parts: [UnsafeRawBufferPointer], at path: String) throws(SystemError) {
        let file = try FileDescriptor(path, flags: O_RDONLY)
        file.dropCache()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var offset = 0
        for part in parts {
            var rest = part
            while let expected = rest.baseAddress, let found = buffer.baseAddress, !rest.isEmpty {
                let count = min(rest.count, buffer.count)
                let read = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
                guard read == count, memcmp(found, expected, count) == 0 else {
                    throw .verificationFailed(path: path, offset: offset)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                offset += count
            }
        }
        guard try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<1])) == 0 else {
            throw .verificationFailed(path: path, offset: offset)
        }
    }

    /// Removes the temporary files in `directory` that processes left when they were killed; gives their number.
    ///
    /// The caller must be the only one that writes there: a process number alone does not say whether the file's writer
    /// lives, on another host or in another container. Throws `SystemError.file`.
    @discardableResult
    package static func removeTemporaries(in directory: String) throws(SystemError) -> Int {
        let names = try Directory.entries(of: directory).filter(isTemporary)
        for name in names {
            let path = directory + "/" + name
            if unlink(path) != 0 && errno != ENOENT { throw FileDescriptor.failure(path, "remove") }
        }
        return names.count
    }

    /// Whether `name` is one that ``temporaryPath(for:)`` gives in some process.
    private static func isTemporary(_ name: String) -> Bool {
        guard name.hasPrefix("."), let dash = name.lastIndex(of: "-"), name[...dash].hasSuffix(temporaryMark),
            let process = pid_t(name[name.index(after: dash)...])
        else { return false }
        return process > 0
    }

    private static let temporaryMark = ".tmp-"

    /// `.NAME.tmp-PID` in the same directory.
    static func temporaryPath(for path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return directory(of: path) + "/." + name + temporaryMark + String(getpid())
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func synchronizeDirectory(_ path: String) throws(SystemError) {
        let directory = try FileDescriptor(path, flags: O_RDONLY | O_DIRECTORY)
        do throws(SystemError) {
            try directory.synchronize()
        } catch .file(_, _, let code) where code == EINVAL || code == ENOTSUP {
            // This file system cannot synchronise directories; there is nothing better to do.
        }
    }
}
