import CArchive
import Glibc

/// Reads the files of an archive (tar, cpio, zip or 7-Zip, packed in any usual way) one after the other, by libarchive.
enum Archive {
    /// All that an archive from a stranger may be: libarchive knows formats that stand for other files of this host
    /// (mtree), and ways to pack that it leaves to other programs (lrzip, grzip, lzop).
    private static let formats = [
        archive_read_support_format_tar, archive_read_support_format_cpio, archive_read_support_format_zip,
        archive_read_support_format_7zip, archive_read_support_format_empty, archive_read_support_filter_gzip,
        archive_read_support_filter_bzip2, archive_read_support_filter_xz, archive_read_support_filter_lzma,
        archive_read_support_filter_zstd, archive_read_support_filter_lz4, archive_read_support_filter_compress,
    ]

    /// Calls `body` with the name of each regular file that `isWanted` wants, and its bytes.
    ///
    /// - Parameter limit: bytes that one file may have.
    /// - Throws: `DataError.sound`, and what `body` throws.
    static func forEachFile(
        of path: String, atMost limit: Int, isWanted: (String) -> Bool,
        _ body: (String, UnsafeRawBufferPointer) throws(DataError) -> Void
    ) throws(DataError) {
        guard let archive = archive_read_new() else { throw .failed("archive_read_new", path: path) }
        defer { archive_read_free(archive) }
        for support in formats { _ = support(archive) }
        guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else { throw damage(archive, path) }
        var bytes: [UInt8] = []
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return }
            guard status >= ARCHIVE_WARN, let entry else { throw damage(archive, path) }
            guard archive_entry_filetype(entry) == S_IFREG, let name = name(of: entry), isWanted(name) else { continue }
            bytes.removeAll(keepingCapacity: true)
            try readData(archive, into: &bytes, path: path, atMost: limit)
            try bytes.withUnsafeBytes { bytes in Result { () throws(DataError) in try body(name, bytes) } }.get()
        }
    }

    /// The path of an entry, without `./` before it; nil where it has none that is text.
    private static func name(of entry: OpaquePointer) -> String? {
        guard let text = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else { return nil }
        let name = String(cString: text)
        return name.hasPrefix("./") ? String(name.dropFirst(2)) : name
    }

    private static func readData(
        _ archive: OpaquePointer, into bytes: inout [UInt8], path: String, atMost limit: Int
    ) throws(DataError) {
        let piece = 1 << 16
        while true {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: piece))
            let count = bytes.withUnsafeMutableBytes { buffer in
                archive_read_data(archive, buffer.baseAddress.map { $0 + start }, piece)
            }
            guard count >= 0 else { throw damage(archive, path) }
            bytes.removeLast(piece - Int(count))
            if count == 0 { return }
            if bytes.count > limit { throw .sound(path: path, problem: .tooMuch(limit: limit)) }
        }
    }

    private static func damage(_ archive: OpaquePointer, _ path: String) -> DataError {
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "error \(archive_errno(archive))"
        return .sound(path: path, problem: .damagedArchive(reason: text))
    }
}
