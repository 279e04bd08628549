/// Unpacks files into memory objects.
enum PackedFile {
    /// Unpacks the one stream that `path` holds, such as an .xz file, into `descriptor` and returns its length.
    ///
    /// - Throws: `DataError.corruptArchive` for damage, a file that is not packed, and more than `limit` bytes.
    static func unpack(_ path: String, into descriptor: Int32, atMost limit: Int) throws(DataError) -> Int {
        var length = 0
        try ArchiveFile.unpack(path) { file throws(DataError) in
            length = try write(file, to: descriptor, path: path, atMost: limit)
        }
        return length
    }

    /// Unpacks those files of an archive that have these names, in any folder, into the descriptors; the lengths of
    /// those that it has.
    static func unpack(
        _ names: [String], of path: String, into descriptors: [Int32], atMost limit: Int
    ) throws(DataError) -> [Int?] {
        var lengths: [Int?] = names.map { _ in nil }
        try ArchiveFile.forEach(of: path) { file throws(DataError) in
            guard let place = names.firstIndex(of: String(file.name.split(separator: "/").last ?? "")),
                lengths[place] == nil
            else { return }
            lengths[place] = try write(file, to: descriptors[place], path: path, atMost: limit)
        }
        return lengths
    }

    private static func write(
        _ file: ArchiveFile, to descriptor: Int32, path: String, atMost limit: Int
    ) throws(DataError) -> Int {
        try file.read(atMost: limit) { piece throws(DataError) in
            try MemoryObject.write(piece, to: descriptor, path: path)
        }
    }
}
