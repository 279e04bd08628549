/// Finds pictures in folders, on several threads: `train/CLASS/…` and `test/CLASS/…`, or `CLASS/…`.
///
/// Links are followed, but not one that leads back to a folder above it. Where no class has a folder, pictures have no
/// classes.
struct PictureFolder: Sendable {
    private let root: BytePath
    private let threads: Int

    init(_ root: BytePath, threads: Int) {
        self.root = root
        self.threads = threads
    }

    /// Looks at every file.
    ///
    /// - Throws: `DataError` for a folder that can't be read, and for what ``PictureSetProblem`` tells of.
    func content() throws(DataError) -> PictureIndex.Content {
        var content = PictureIndex.Content()
        content.watches = [try PictureWatch(.names, [], in: root)]
        let scan = FolderScan(root, threads: threads)
        try scan.run(try parts())
        return try scan.completed(content)
    }

    /// The folders of the parts; the folder itself where it has none.
    ///
    /// `train` beside folders of classes is a class of that name, unless there is a part for the test or validation.
    private func parts() throws(DataError) -> [(path: [UInt8], part: FoundPictures.Part)] {
        let listing = try FolderListing(root)
        var parts: [(path: [UInt8], part: FoundPictures.Part)] = []
        var others = 0
        for index in 0..<listing.count where PictureNames.extensionStart(of: listing[index]) == nil {
            guard root.appending(listing[index]).status?.isFolder ?? false else { continue }
            if let part = PictureNames.part(listing[index]) {
                parts.append((Array(listing[index]), part))
            } else {
                others += 1
            }
        }
        let kinds = Set(parts.map(\.part))
        guard kinds.contains(.train), kinds.count > 1 || others == 0 else { return [([], .train)] }
        for part in kinds {
            let same = parts.filter { $0.part == part }
            if same.count > 1 {
                let names = same.map { String(decoding: $0.path, as: UTF8.self) }.sorted()
                throw .pictures(path: root.text, problem: .partTwice(names))
            }
        }
        return parts
    }
}
