/// Files that belong together, as somebody publishes them: in a folder, or in an archive of one.
struct Release: Sendable {
    /// The name of the archive, which is packed by gzip (`.gz`) or plain.
    let archive: String
    /// The folder in the archive.
    let folder: String

    /// The bytes of some of the files: from `path`, plain or packed, or from the archive's folder there, or from the
    /// archive there.
    ///
    /// - Parameter imports: exports of another process of this host; those that fail are ignored.
    /// - Throws: `DataError.missingFile`, `corruptArchive` and what unpacking throws.
    func open(
        _ names: [String], in path: String, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> [SharedBytes] {
        let places = [path, "\(path)/\(folder)"]
        if let place = places.first(where: { place in names.contains { SharedBytes.isThere("\(place)/\($0)") } }) {
            return try names.map { name throws(DataError) in
                try SharedBytes.open("\(place)/\(name)", imports: imports, expected: names)
            }
        }
        for archive in ["\(path)/\(archive).gz", "\(path)/\(archive)"] where SharedBytes.exists(archive) {
            return try open(names, inArchive: archive, imports)
        }
        throw .missingFile(path: "\(path)/\(names[0])", expected: names + ["or \(archive).gz"])
    }

    private func open(
        _ names: [String], inArchive archive: String, _ imports: [String: SharedBytes.Export]
    ) throws(DataError) -> [SharedBytes] {
        let exports = names.compactMap { imports["\(archive)/\($0)"] }
        if exports.count == names.count {
            do throws(DataError) {
                return try zip(names, exports).map { name, export throws(DataError) in
                    try SharedBytes(importing: export, path: "\(archive)/\(name)")
                }
            } catch {
                // The exporting process is on another host, of another user or gone: unpack the files here.
            }
        }
        return try SharedBytes.unpacking(names, of: archive)
    }
}
