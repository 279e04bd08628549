import CArchive
import Glibc

/// A regular file in an archive (tar, cpio, zip or 7-Zip, packed in any usual way), or the one in a packed file.
/// libarchive reads both.
///
/// Archives come from strangers. libarchive also knows formats that stand for other files of this host (mtree) and
/// ways to pack that it leaves to other programs (lrzip, grzip, lzop): those are refused as damaged.
struct ArchiveFile {
    private typealias Support = @Sendable (OpaquePointer?) -> Int32

    private static let packings: [Support] = [
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
        archive_read_support_filter_lzma, archive_read_support_filter_zstd, archive_read_support_filter_lz4,
        archive_read_support_filter_compress,
    ]
    private static let archives: [Support] = [
        archive_read_support_format_tar, archive_read_support_format_cpio, archive_read_support_format_zip,
        archive_read_support_format_7zip, archive_read_support_format_empty,
    ]

    /// The path in the archive, without `./` before it.
    let name: String
    private let archive: OpaquePointer
    private let path: String

    /// Calls `body` with each regular file of the archive at `path` that has a name.
    ///
    /// - Throws: `DataError.corruptArchive`, and what `body` throws.
    static func forEach(
        of path: String, _ body: (ArchiveFile) throws(DataError) -> Void
    ) throws(DataError) {
        try read(path, formats: archives, body)
    }

    /// Calls `body` with the file that is packed at `path`, as in an .xz file.
    ///
    /// - Throws: `DataError.corruptArchive` for damage and for a file that is not packed, and what `body` throws.
    static func unpack(_ path: String, _ body: (ArchiveFile) throws(DataError) -> Void) throws(DataError) {
        var isEmpty = true
        try read(path, formats: [archive_read_support_format_raw]) { file throws(DataError) in
            isEmpty = false
            // The first filter is none.
            guard archive_filter_count(file.archive) > 1 else {
                throw .corruptArchive(path: path, reason: "it is not packed as its name says")
            }
            try body(file)
        }
        if isEmpty { throw .corruptArchive(path: path, reason: "the file is empty") }
    }

    private static func read(
        _ path: String, formats: [Support], _ body: (ArchiveFile) throws(DataError) -> Void
    ) throws(DataError) {
        guard let archive = archive_read_new() else { throw .failed("archive_read_new", path: path) }
        defer { archive_read_free(archive) }
        for packing in packings { _ = packing(archive) }
        for format in formats { _ = format(archive) }
        guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else { throw damage(archive, path) }
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return }
            guard status >= ARCHIVE_WARN, let entry else { throw damage(archive, path) }
            guard archive_entry_filetype(entry) == S_IFREG,
                let text = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)
            else { continue }
            let name = String(cString: text)
            try body(
                ArchiveFile(
                    name: name.hasPrefix("./") ? String(name.dropFirst(2)) : name, archive: archive, path: path))
        }
    }

    /// Hands the file's bytes on, piece by piece, and gives their number; can be called once.
    ///
    /// - Throws: `DataError.corruptArchive` for damage and for more than `limit` bytes, and what `body` throws.
    @discardableResult
    func read(
        atMost limit: Int, _ body: (UnsafeRawBufferPointer) throws(DataError) -> Void
    ) throws(DataError) -> Int {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { piece.deallocate() }
        var length = 0
        while true {
            let count = archive_read_data(archive, piece.baseAddress, piece.count)
            guard count >= 0 else { throw ArchiveFile.damage(archive, path) }
            if count == 0 { return length }
            length += Int(count)
            if length > limit {
                throw .corruptArchive(path: path, reason: "a file in it has more than \(limit) bytes")
            }
            try body(UnsafeRawBufferPointer(rebasing: piece[..<Int(count)]))
        }
    }

    private static func damage(_ archive: OpaquePointer, _ path: String) -> DataError {
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "error \(archive_errno(archive))"
        return .corruptArchive(path: path, reason: text)
    }
}
