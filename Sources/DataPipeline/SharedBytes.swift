import CPrefetch
import Glibc
import System

/// The bytes of one file, mapped read-only so that all processes of a host share one copy in memory.
///
/// A plain file is mapped itself. A gzip file is unpacked once into an anonymous memory object, which other processes
/// of the same host and user map through `/proc/PID/fd/FD` instead of unpacking again. A file that another program cuts
/// short while it is mapped ends the process with SIGBUS, as with every mapped file.
// Unchecked: the mapping and the descriptor are set once in init and only read until deinit.
package final class SharedBytes: @unchecked Sendable {
    /// How another process of this host and user finds the unpacked bytes, as long as the exporting process keeps them.
    package struct Export: Hashable, Sendable, Codable {
        package let processID: Int32
        package let descriptor: Int32
        package let length: Int
        /// The memory object's inode, so that a reused process id or descriptor is not mistaken for it.
        package let inode: UInt64

        package init(processID: Int32, descriptor: Int32, length: Int, inode: UInt64) {
            self.processID = processID
            self.descriptor = descriptor
            self.length = length
            self.inode = inode
        }
    }

    /// The file that the bytes come from, for messages.
    package let path: String
    /// The number of bytes.
    package let count: Int
    /// What other processes may map; nil for a plain file, which they map by its path.
    package let exported: Export?
    /// Whose memory it is.
    private let owner: AnyObject
    private let base: UnsafeRawPointer?
    private let descriptor: Int32?

    /// Maps the plain file at `path`.
    package convenience init(mapping path: String) throws(DataError) {
        self.init(
            path: path, try DataError.wrapping { () throws(SystemError) in try MappedFile(path) }, keeping: nil,
            exported: nil)
    }

    /// Maps the plain file at `path` and lets other processes map the same one, even if another takes its name.
    convenience init(exporting path: String) throws(DataError) {
        let descriptor = try DataError.wrapping { () throws(SystemError) in
            try MappedFile.open(path, reporting: path)
        }
        do throws(DataError) {
            let status = try DataError.wrapping { () throws(SystemError) in
                try MappedFile.status(of: descriptor, path: path)
            }
            guard status.isRegular else {
                throw .unreadable(path: path, operation: "mmap", reason: "not a regular file")
            }
            let count = Int(status.st_size)
            let export = Export(
                processID: getpid(), descriptor: descriptor, length: count, inode: UInt64(status.st_ino))
            try self.init(path: path, mapping: descriptor, count: count, keeping: descriptor, exported: export)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Unpacks the gzip, xz or bzip2 file at `path` into an anonymous memory object, sealed against change.
    ///
    /// - Parameter limit: bytes that it may have; half of the machine's memory if not given.
    package convenience init(unpacking path: String, atMost limit: Int = SharedBytes.halfOfMemory) throws(DataError) {
        try self.init(filling: path) { descriptor throws(DataError) in
            path.hasSuffix(".gz")
                ? try unpackGzip(path, into: descriptor, atMost: limit)
                : try PackedFile.unpack(path, into: descriptor, atMost: limit)
        }
    }

    /// Bytes that `fill` writes to the descriptor of an anonymous memory object, which is then sealed against change.
    ///
    /// - Parameters:
    ///   - path: what they come from, for messages.
    ///   - fill: gives their number.
    convenience init(filling path: String, _ fill: (Int32) throws(DataError) -> Int) throws(DataError) {
        let descriptor = try MemoryObject.create(path: path)
        do throws(DataError) {
            try self.init(sealing: descriptor, path: path, count: try fill(descriptor))
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The first `length` bytes of an anonymous memory object, which closes its descriptor with this.
    private convenience init(sealing descriptor: Int32, path: String, count length: Int) throws(DataError) {
        try MemoryObject.seal(descriptor, path: path)
        let status = try DataError.wrapping { () throws(SystemError) in
            try MappedFile.status(of: descriptor, path: path)
        }
        let export = Export(
            processID: getpid(), descriptor: descriptor, length: length, inode: UInt64(status.st_ino))
        try self.init(path: path, mapping: descriptor, count: length, keeping: descriptor, exported: export)
    }

    /// Unpacks the files of these names from an archive, reading it once; what they come from is `ARCHIVE/NAME`.
    ///
    /// - Throws: `DataError.missingFile` for one that the archive does not have, `corruptArchive`.
    static func unpacking(_ names: [String], of archive: String) throws(DataError) -> [SharedBytes] {
        // Those that have become bytes are theirs to close.
        var descriptors: [Int32] = []
        var result: [SharedBytes] = []
        defer { for descriptor in descriptors.dropFirst(result.count) { close(descriptor) } }
        for name in names { descriptors.append(try MemoryObject.create(path: "\(archive)/\(name)")) }
        let lengths = try PackedFile.unpack(names, of: archive, into: descriptors, atMost: halfOfMemory)
        for (place, name) in names.enumerated() {
            let path = "\(archive)/\(name)"
            guard let length = lengths[place] else { throw .missingFile(path: path, expected: names) }
            result.append(try SharedBytes(sealing: descriptors[place], path: path, count: length))
        }
        return result
    }

    /// Maps what another process of this host and user has unpacked from `path`; `staleExport` when that is gone.
    package convenience init(importing export: Export, path: String) throws(DataError) {
        let link = "/proc/\(export.processID)/fd/\(export.descriptor)"
        let descriptor: Int32
        do throws(DataError) {
            descriptor = try DataError.wrapping { () throws(SystemError) in
                try MappedFile.open(link, reporting: path)
            }
        } catch {
            throw .staleExport(path: path, reason: "\(link) cannot be opened")
        }
        defer { close(descriptor) }
        let status = try DataError.wrapping { () throws(SystemError) in
            try MappedFile.status(of: descriptor, path: path)
        }
        guard Int(status.st_size) == export.length, UInt64(status.st_ino) == export.inode else {
            throw .staleExport(path: path, reason: "\(link) is another object now")
        }
        try self.init(path: path, mapping: descriptor, count: export.length, keeping: nil, exported: nil)
    }

    /// The bytes of `path`, or of `path.gz` and the like: imported from another process where possible, else mapped or
    /// unpacked here.
    ///
    /// - Parameters:
    ///   - imports: exports of another process by the path of their packed file; those that fail are ignored.
    ///   - expected: the names of the files that the folder must hold, for the message when there is none.
    package static func open(
        _ path: String, imports: [String: Export] = [:], expected: [String]
    ) throws(DataError) -> SharedBytes {
        if exists(path) { return try SharedBytes(mapping: path) }
        guard let packed = packings.map({ path + $0 }).first(where: exists) else {
            throw .missingFile(path: path, expected: expected)
        }
        if let export = imports[packed] {
            do throws(DataError) {
                return try SharedBytes(importing: export, path: packed)
            } catch {
                // The exporting process is on another host, of another user or gone: unpack the file here.
            }
        }
        return try SharedBytes(unpacking: packed)
    }

    /// How the names of packed files end.
    static let packings = [".gz", ".xz", ".bz2"]

    /// Whether `path` is there, plain or packed.
    static func isThere(_ path: String) -> Bool { ([""] + packings).contains { exists(path + $0) } }

    /// Half of the machine's physical memory, in bytes.
    package static var halfOfMemory: Int { sysconf(Int32(_SC_PHYS_PAGES)) / 2 * sysconf(Int32(_SC_PAGESIZE)) }

    /// Whether something is at `path`, readable or not.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 || errno == EACCES
    }

    private convenience init(
        path: String, mapping descriptor: Int32, count: Int, keeping kept: Int32?, exported: Export?
    ) throws(DataError) {
        let file = try DataError.wrapping { () throws(SystemError) in
            try MappedFile(descriptor: descriptor, count: count, path: path)
        }
        self.init(path: path, file, keeping: kept, exported: exported)
    }

    private init(path: String, _ file: MappedFile, keeping kept: Int32?, exported: Export?) {
        self.path = path
        owner = file
        base = file.bytes.baseAddress
        count = file.bytes.count
        self.exported = exported
        descriptor = kept
    }

    /// A copy of `bytes` in this process alone, of exactly their number: a sanitizer sees what reads behind them.
    package init(copying bytes: UnsafeRawBufferPointer, path: String) {
        let memory = HeapBytes(copying: bytes)
        self.path = path
        owner = memory
        base = memory.start
        count = bytes.count
        exported = nil
        descriptor = nil
    }

    deinit { if let descriptor { close(descriptor) } }

    /// Calls `body` with all bytes.
    @inline(__always)
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(start: base, count: count)) }
    }

    /// The byte at `offset`.
    package subscript(offset: Int) -> UInt8 {
        precondition(
            offset >= 0 && offset < count, "SharedBytes: offset \(offset) is outside \(count) bytes of \(path)")
        return withUnsafeBytes { $0[offset] }
    }

    /// Asks for the cache lines of a range, see `Dataset.prefetch`.
    func prefetch(_ offset: Int, count: Int) {
        precondition(
            offset >= 0 && count >= 0 && offset + count <= self.count,
            "SharedBytes: \(count) bytes at \(offset) of \(path)")
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            for line in stride(from: offset, to: offset + count, by: 64) { prefetch_for_reading(base + line) }
        }
    }

    /// The big-endian 32-bit number at `offset`.
    func bigEndian32(at offset: Int) -> UInt32 {
        precondition(
            offset >= 0 && offset + 4 <= count, "SharedBytes: no number at \(offset) in \(count) bytes of \(path)")
        return withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }
}

/// Bytes on the heap.
private final class HeapBytes {
    let start: UnsafeRawPointer?

    init(copying bytes: UnsafeRawBufferPointer) {
        if bytes.isEmpty {
            start = nil
            return
        }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        memory.copyMemory(from: bytes)
        start = UnsafeRawPointer(memory.baseAddress)
    }

    deinit { start?.deallocate() }
}

extension DataError {
    /// The error of the system call `operation` that has just set `errno`.
    static func failed(_ operation: String, path: String) -> DataError {
        .unreadable(path: path, operation: operation, reason: SystemError.text(errno))
    }

    /// Runs `body`, whose errors of the system become errors of data.
    static func wrapping<Result>(_ body: () throws(SystemError) -> Result) throws(DataError) -> Result {
        do {
            return try body()
        } catch {
            switch error {
            case .file(let path, "open", ENOENT): throw .missingFile(path: path, expected: [path])
            case .file(let path, let operation, let code):
                throw .unreadable(path: path, operation: operation, reason: SystemError.text(code))
            case .notRegular(let path, _):
                throw .unreadable(path: path, operation: "mmap", reason: "not a regular file")
            case .thread: throw .threadStart(error)
            case .verificationFailed(let path, let offset):
                throw .unreadable(path: path, operation: "read back", reason: "other bytes from byte \(offset) on")
            }
        }
    }
}
