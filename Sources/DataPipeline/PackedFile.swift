import CArchive
import Glibc

/// Unpacks files into memory objects by libarchive, whatever filters and archives it knows.
enum PackedFile {
    /// Unpacks the one stream that `path` holds, such as an .xz file, into `descriptor` and returns its length.
    ///
    /// - Throws: `DataError.corruptArchive` for damage, a file that is not packed, and more than `limit` bytes.
    static func unpack(_ path: String, into descriptor: Int32, atMost limit: Int) throws(DataError) -> Int {
        var length: Int?
        try forEachFile(of: path, isArchive: false) { archive, _ throws(DataError) in
            // The first filter is none.
            guard archive_filter_count(archive) > 1 else {
                throw .corruptArchive(path: path, reason: "it is not packed as its name says")
            }
            length = try write(archive, to: descriptor, path: path, atMost: limit)
        }
        guard let length else { throw .corruptArchive(path: path, reason: "the file is empty") }
        return length
    }

    /// Unpacks those files of an archive that have these names, in any folder, into the descriptors; the lengths of
    /// those that it has.
    static func unpack(
        _ names: [String], of path: String, into descriptors: [Int32], atMost limit: Int
    ) throws(DataError) -> [Int?] {
        var lengths: [Int?] = names.map { _ in nil }
        try forEachFile(of: path, isArchive: true) { archive, name throws(DataError) in
            guard let place = names.firstIndex(of: String(name.split(separator: "/").last ?? "")),
                lengths[place] == nil
            else { return }
            lengths[place] = try write(archive, to: descriptors[place], path: path, atMost: limit)
        }
        return lengths
    }

    private static func forEachFile(
        of path: String, isArchive: Bool, _ body: (OpaquePointer, String) throws(DataError) -> Void
    ) throws(DataError) {
        guard let archive = archive_read_new() else { throw .failed("archive_read_new", path: path) }
        defer { archive_read_free(archive) }
        archive_read_support_filter_all(archive)
        if isArchive { archive_read_support_format_all(archive) } else { archive_read_support_format_raw(archive) }
        guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else { throw damage(archive, path) }
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return }
            guard status >= ARCHIVE_WARN, let entry else { throw damage(archive, path) }
            guard archive_entry_filetype(entry) == S_IFREG,
                let name = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)
            else { continue }
            try body(archive, String(cString: name))
        }
    }

    private static func write(
        _ archive: OpaquePointer, to descriptor: Int32, path: String, atMost limit: Int
    ) throws(DataError) -> Int {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { piece.deallocate() }
        var length = 0
        while true {
            let count = archive_read_data(archive, piece.baseAddress, piece.count)
            guard count >= 0 else { throw damage(archive, path) }
            if count == 0 { return length }
            length += Int(count)
            if length > limit { throw .corruptArchive(path: path, reason: "a file in it has more than \(limit) bytes") }
            try MemoryObject.write(UnsafeRawBufferPointer(rebasing: piece[..<Int(count)]), to: descriptor, path: path)
        }
    }

    private static func damage(_ archive: OpaquePointer, _ path: String) -> DataError {
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "error \(archive_errno(archive))"
        return .corruptArchive(path: path, reason: text)
    }
}
