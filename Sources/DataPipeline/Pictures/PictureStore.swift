import Glibc
import System

/// The pictures of an index, read and decoded when they are asked for, by any number of threads.
final class PictureStore: Sendable {
    let index: PictureIndex
    let fit: PictureFit
    let channels: Int
    /// Nil where a damaged picture is an error.
    let damage: DamageLog?
    private let root: BytePath
    private let exportName: String
    private let files = PictureFiles()
    private let extents: PictureExtents

    /// - Parameters:
    ///   - root: the folder that the index's paths begin at.
    ///   - exportName: what other processes of the host find the index by.
    init(
        _ index: PictureIndex, root: BytePath, exportName: String, fit: PictureFit, channels: Int, skipsDamaged: Bool
    ) {
        self.index = index
        self.root = root
        self.exportName = exportName
        self.fit = fit
        self.channels = channels
        damage = skipsDamaged ? DamageLog() : nil
        extents = PictureExtents(count: index.count)
    }

    var exports: [String: SharedBytes.Export] { index.bytes.exported.map { [exportName: $0] } ?? [:] }

    /// Where the index is kept, for messages.
    private var indexPath: String { index.bytes.path }

    /// Writes the pixels of a picture, fitted, [H, W, C] on the scale 0…255.
    ///
    /// - Throws: `DamagedSample` for a picture that can't be decoded and is to be left out, else `DataError`.
    func read(_ picture: Int, changing change: PictureChange?, into result: UnsafeMutableBufferPointer<Float>) throws {
        try withFile(of: picture) { reader, bytes throws(PictureProblem) in
            try reader.read(bytes, channels: channels, fit: fit, changing: change, into: result)
        }
    }

    /// Height and width of a picture as its file has it, upright. Throws as ``read(_:changing:into:)`` does.
    func extents(of picture: Int) throws -> (height: Int, width: Int) {
        try extents(picture) {
            try withFile(of: picture) { reader, bytes throws(PictureProblem) in
                let header = try reader.decoder.header(of: bytes)
                return (header.height, header.width)
            }
        }
    }

    /// Calls `body` with the bytes of a picture, and notes a damaged one where those are left out.
    private func withFile<Result>(
        of picture: Int, _ body: (PictureReader, UnsafeRawBufferPointer) throws(PictureProblem) -> Result
    ) throws -> Result {
        try files.withFile { file in
            setPath(of: picture, &file.path)
            let bytes = try bytes(of: picture, file)
            do throws(PictureProblem) {
                return try body(file.reader, bytes)
            } catch {
                let error = DataError.picture(path: text(of: picture), problem: error)
                guard let damage else { throw error }
                damage.add(picture, error.description)
                throw DamagedSample(description: error.description)
            }
        }
    }

    /// Asks the system for a picture's bytes, which will be read soon.
    func prefetch(_ picture: Int) {
        var path: [UInt8] = []
        setPath(of: picture, &path)
        guard let descriptor = PictureStore.open(path) else { return }
        posix_fadvise(descriptor, index.offset(picture) ?? 0, index.size(picture), POSIX_FADV_WILLNEED)
        close(descriptor)
    }

    /// For messages: the file, or the place in its shard.
    func text(of picture: Int) -> String {
        let name = String(decoding: index.name(picture), as: UTF8.self)
        let container = root.appending(index.container(index.place(picture)))
        if let offset = index.offset(picture) { return "\(container.text): '\(name)' at offset \(offset)" }
        return container.appending(index.name(picture)).text
    }

    /// The path of the file or shard, with a zero behind it.
    private func setPath(of picture: Int, _ path: inout [UInt8]) {
        let slash = UInt8(ascii: "/")
        path.removeAll(keepingCapacity: true)
        path.append(contentsOf: root.bytes)
        func begin() { if path.last != slash { path.append(slash) } }
        begin()
        index.appendContainer(of: picture, to: &path)
        if !index.isOfShards {
            begin()
            let start = path.count
            index.appendName(picture, to: &path)
            // A table may name files by their whole paths.
            if start < path.count, path[start] == slash { path.removeFirst(start) }
        }
        path.append(0)
    }

    private static func open(_ path: [UInt8]) -> Int32? {
        let descriptor = path.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { chars in
                // A pipe in the place of a file would wait for a writer.
                chars.baseAddress.map { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) } ?? -1
            }
        }
        return descriptor >= 0 ? descriptor : nil
    }

    /// Reads a picture's bytes into the file's memory.
    private func bytes(of picture: Int, _ file: PictureFile) throws(DataError) -> UnsafeRawBufferPointer {
        guard let descriptor = PictureStore.open(file.path) else {
            if errno == ENOENT { throw .pictures(path: text(of: picture), problem: .missingSince(index: indexPath)) }
            throw .failed("open", path: text(of: picture))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .failed("fstat", path: text(of: picture)) }
        let expected = index.isOfShards ? index.containerSize(index.place(picture)) : index.size(picture)
        guard status.isRegular, Int(status.st_size) == expected else {
            throw changed(picture, expected: expected, actual: Int(status.st_size))
        }
        let count = index.size(picture)
        let room = file.room(count)
        var filled = 0
        while filled < count {
            let read = pread(
                descriptor, room.baseAddress.map { $0 + filled }, count - filled, (index.offset(picture) ?? 0) + filled)
            if read < 0, errno == EINTR { continue }
            if read < 0 { throw .failed("read", path: text(of: picture)) }
            if read == 0 { throw changed(picture, expected: count, actual: filled) }
            filled += read
        }
        return UnsafeRawBufferPointer(rebasing: room[..<count])
    }

    private func changed(_ picture: Int, expected: Int, actual: Int) -> DataError {
        let container = root.appending(index.container(index.place(picture)))
        return .pictures(
            path: index.isOfShards ? container.text : text(of: picture),
            problem: .changed(expected: expected, actual: actual, index: indexPath))
    }
}

/// What a thread needs to read a picture; used again for the next one.
private final class PictureFile {
    let reader = PictureReader()
    var path: [UInt8] = []
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)

    deinit { memory.deallocate() }

    /// Memory of at least `count` bytes.
    func room(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: max(count, 2 * memory.count), alignment: 64)
        }
        return memory
    }
}

/// As many files as threads have read at once.
///
/// `@unchecked Sendable`: a file is in the list, which is under the lock, or with the one thread that took it.
private final class PictureFiles: @unchecked Sendable {
    private let monitor = Monitor()
    private var free: [PictureFile] = []

    func withFile<Result>(_ body: (PictureFile) throws -> Result) rethrows -> Result {
        let file = monitor.withLock { free.popLast() } ?? PictureFile()
        defer { monitor.withLock { free.append(file) } }
        return try body(file)
    }
}
