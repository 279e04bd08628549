import CArchive
import Glibc
import System

/// The regular files of a tar archive that is not packed, with the places of their bytes, by libarchive.
///
/// The archive is mapped, and libarchive's data are where it looked for them: so the offset of a file's bytes is known.
/// It is checked: a file begins at a whole block, behind a header whose sum is right. Only headers are read.
struct ShardArchive {
    /// A file in the archive.
    struct Entry {
        let name: [UInt8]
        /// Where its header begins, for messages, and where its bytes do.
        let header: Int
        let offset: Int
        let bytes: UnsafeRawBufferPointer
    }

    private let file: MappedFile
    private let path: String
    private static let block = 512

    /// - Throws: `DataError.pictures` for a packed archive.
    init(_ path: BytePath) throws(DataError) {
        self.path = path.text
        file = try DataError.wrapping { () throws(SystemError) in try MappedFile(path.text) }
        if let base = file.bytes.baseAddress {
            // Headers lie far apart, behind bytes that are not wanted.
            madvise(UnsafeMutableRawPointer(mutating: base), file.bytes.count, MADV_RANDOM)
        }
        if file.bytes.isEmpty { throw .emptyFile(path: path.text) }
        let packings: [(bytes: [UInt8], name: String, unpack: String)] = [
            ([0x1F, 0x8B], "gzip", "gunzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd", "unzstd"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz", "unxz"), ([0x42, 0x5A, 0x68], "bzip2", "bunzip2"),
            ([0x50, 0x4B, 0x03, 0x04], "zip", "unzip"),
        ]
        for packing in packings where file.bytes.starts(with: packing.bytes) {
            throw problem(.packedShard(kind: packing.name, unpack: "\(packing.unpack) \(path.text)"))
        }
    }

    /// The archive's bytes.
    var count: Int { file.bytes.count }

    /// Calls `body` with each file in its order.
    ///
    /// - Throws: `DataError.pictures` for a damaged archive, names that lead out of it and links to pictures, and what
    ///   `body` throws.
    func forEachFile(_ body: (Entry) throws(DataError) -> Void) throws(DataError) {
        guard let archive = archive_read_new() else { throw .failed("archive_read_new", path: path) }
        defer { archive_read_free(archive) }
        archive_read_support_format_tar(archive)
        guard archive_read_open_memory(archive, file.bytes.baseAddress, file.bytes.count) == ARCHIVE_OK else {
            throw damage(archive, at: 0)
        }
        // Names are as in the archive in UTF-8 only, whatever the user's language.
        let utf8 = newlocale(Int32(LC_CTYPE_MASK), "C.UTF-8", nil)
        let before = utf8.map { uselocale($0) }
        defer {
            if let before { uselocale(before) }
            if let utf8 { freelocale(utf8) }
        }
        var entry: OpaquePointer?
        // Where the next header is looked for.
        var end = 0
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return }
            guard status >= ARCHIVE_WARN, let entry else { throw damage(archive, at: end) }
            let header = Int(archive_read_header_position(archive))
            end = header + ShardArchive.block
            guard let name = try ShardArchive.name(of: entry, header, problem) else { continue }
            let isLink = archive_entry_hardlink(entry) != nil || archive_entry_filetype(entry) == S_IFLNK
            if isLink, PictureNames.extensionStart(of: name[...]) != nil {
                throw problem(.linkInShard(name: String(decoding: name, as: UTF8.self), offset: header))
            }
            guard !isLink, archive_entry_filetype(entry) == S_IFREG else { continue }
            let file = try found(archive, entry, name, header)
            if !file.bytes.isEmpty {
                let blocks = (file.bytes.count + ShardArchive.block - 1) / ShardArchive.block
                end = file.offset + blocks * ShardArchive.block
            }
            try body(file)
        }
    }

    /// Finds the bytes of a file whose header has just been read.
    private func found(
        _ archive: OpaquePointer, _ entry: OpaquePointer, _ name: [UInt8], _ header: Int
    ) throws(DataError) -> Entry {
        let size = Int(archive_entry_size(entry))
        guard size > 0 else {
            return Entry(
                name: name, header: header, offset: header, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        if archive_entry_sparse_count(entry) > 0 {
            throw problem(.damagedShard(offset: header, reason: "a sparse file, whose bytes are not all there"))
        }
        var (data, length, place): (UnsafeRawPointer?, Int, la_int64_t) = (nil, 0, 0)
        guard archive_read_data_block(archive, &data, &length, &place) == ARCHIVE_OK, let data, place == 0,
            let base = file.bytes.baseAddress
        else {
            throw damage(archive, at: header)
        }
        let offset = data - base
        guard offset >= header + ShardArchive.block, offset <= count, offset % ShardArchive.block == 0,
            hasHeader(before: offset)
        else {
            throw problem(.damagedShard(offset: header, reason: "no file begins behind its header"))
        }
        guard size <= count - offset else {
            throw problem(
                .entryCutShort(
                    name: String(decoding: name, as: UTF8.self), offset: header, expected: size,
                    actual: count - offset))
        }
        return Entry(
            name: name, header: header, offset: offset,
            bytes: UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + size]))
    }

    /// Whether the block before `offset` is a header: the sum of its bytes, its own eight as spaces, stands in it in
    /// octal digits (POSIX.1-1988, ustar).
    private func hasHeader(before offset: Int) -> Bool {
        let header = file.bytes[offset - ShardArchive.block..<offset]
        let field = header.startIndex + 148..<header.startIndex + 156
        var sum = 8 * 0x20
        for (place, byte) in zip(header.indices, header) where !field.contains(place) { sum += Int(byte) }
        let digits = header[field].filter { $0 != 0x20 && $0 != 0 }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8) == sum
    }

    /// The name without `./` before it; nil for a hidden file.
    private static func name(
        of entry: OpaquePointer, _ header: Int, _ problem: (PictureSetProblem) -> DataError
    ) throws(DataError) -> [UInt8]? {
        guard let text = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry) else {
            throw problem(.damagedShard(offset: header, reason: "a file without a name"))
        }
        let bytes = Array(UnsafeBufferPointer(start: text, count: strlen(text))).map(UInt8.init(bitPattern:))
        let pieces = bytes.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }
        if bytes.first == UInt8(ascii: "/") || pieces.contains(Array("..".utf8)[...]) {
            throw problem(.hostileName(name: String(decoding: bytes, as: UTF8.self), offset: header))
        }
        if pieces.contains(where: { $0.first == UInt8(ascii: ".") }) { return nil }
        return Array(pieces.joined(separator: [UInt8(ascii: "/")]))
    }

    private func problem(_ problem: PictureSetProblem) -> DataError { .pictures(path: path, problem: problem) }

    private func damage(_ archive: OpaquePointer, at offset: Int) -> DataError {
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "error \(archive_errno(archive))"
        return problem(.damagedShard(offset: offset, reason: text))
    }
}
