import Glibc

/// A path as the system has it: bytes, which need not be text.
struct BytePath: Hashable, Sendable {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// For messages; what is no UTF-8 is shown as such.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// A file or folder in this folder; the folder itself for an empty name, and the name where it is absolute.
    func appending(_ name: some Collection<UInt8>) -> BytePath {
        if name.isEmpty || bytes.isEmpty { return name.isEmpty ? self : BytePath(bytes: Array(name)) }
        if name.first == UInt8(ascii: "/") { return BytePath(bytes: Array(name)) }
        return BytePath(bytes: bytes + (bytes.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]) + name)
    }

    /// What is there, links followed; nil when nothing is, or it can't be seen: `errno` says why.
    var status: stat? {
        var status = stat()
        return withCString { stat($0, &status) } == 0 ? status : nil
    }

    func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        try (bytes + [0]).withUnsafeBufferPointer { buffer in
            try buffer.withMemoryRebound(to: CChar.self) { chars in
                guard let start = chars.baseAddress else { preconditionFailure("BytePath: no bytes") }
                return try body(start)
            }
        }
    }
}

extension stat {
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var isRegular: Bool { st_mode & S_IFMT == S_IFREG }
    /// Nanoseconds since 1970.
    var modified: Int64 { Int64(st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(st_mtim.tv_nsec) }
    /// The same of the last change of anything but the content; no program can set it back.
    var changed: Int64 { Int64(st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(st_ctim.tv_nsec) }
}

/// The names in a folder, one behind the other: a million of them are one block of memory.
struct FolderListing: Sendable {
    private var names: [UInt8] = []
    private var ends: [Int] = []

    /// - Throws: `DataError.unreadable` or `missingFile`.
    init(_ folder: BytePath) throws(DataError) {
        guard let stream = folder.withCString({ opendir($0) }) else {
            if errno == ENOENT { throw .missingFile(path: folder.text, expected: [folder.text]) }
            throw .failed("open directory", path: folder.text)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .failed("read directory", path: folder.text) }
                return
            }
            withUnsafeBytes(of: &entry.pointee.d_name) { name in
                // Hidden files, and the folder itself and the one above it, are no data.
                if name.first != UInt8(ascii: ".") {
                    names.append(contentsOf: name.prefix { $0 != 0 })
                    ends.append(names.count)
                }
            }
        }
    }

    var count: Int { ends.count }

    subscript(index: Int) -> ArraySlice<UInt8> { names[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

    /// The names' hash, whatever their order.
    var hash: Int64 {
        names.withUnsafeBytes { bytes in
            var (sum, start): (UInt64, Int) = (0, 0)
            for end in ends {
                var hash = Fingerprint()
                hash.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                sum &+= hash.value
                start = end
            }
            return Int64(bitPattern: sum &+ UInt64(ends.count))
        }
    }
}

extension [UInt8] {
    /// In the order of their bytes.
    static func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.lexicographicallyPrecedes(b) }
}
