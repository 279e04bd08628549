import Glibc

/// What tells whether a folder or file is as it was when an index was made.
struct PictureWatch: Equatable, Sendable {
    enum Kind: Int64, Sendable {
        /// Files come, go and are renamed: the folder's times say so.
        case folder
        /// The same of a folder in which the index itself is written: its names say so.
        case names
        /// The file's size and times.
        case file
    }

    let kind: Kind
    /// In the data set's folder.
    let path: [UInt8]
    /// Nanoseconds; 0 for names.
    let modified: Int64
    let changed: Int64
    /// The file's bytes, or the hash of the names.
    let content: Int64

    /// A change within this time of another may leave the file system's clock, and so its times, as they are.
    private static let clockGrain: Int64 = 2_000_000_000

    init(kind: Kind, path: [UInt8], modified: Int64, changed: Int64, content: Int64) {
        self.kind = kind
        self.path = path
        self.modified = modified
        self.changed = changed
        self.content = content
    }

    /// What is at `path` in `root` now.
    ///
    /// - Throws: `DataError.missingFile`, `unreadable`.
    init(_ kind: Kind, _ path: [UInt8], in root: BytePath) throws(DataError) {
        let whole = root.appending(path)
        if kind == .names {
            self.init(kind: kind, path: path, modified: 0, changed: 0, content: try FolderListing(whole).hash)
            return
        }
        guard let status = whole.status else {
            if errno == ENOENT { throw .missingFile(path: whole.text, expected: [whole.text]) }
            throw .failed("stat", path: whole.text)
        }
        self.init(kind, path, status)
    }

    init(_ kind: Kind, _ path: [UInt8], _ status: stat) {
        self.init(
            kind: kind, path: path, modified: status.modified, changed: status.changed,
            content: kind == .file ? Int64(status.st_size) : 0)
    }

    /// Whether everything is as it was.
    ///
    /// - Parameter moment: when it was looked at, in nanoseconds since 1970. What was changed just before may have
    ///   been changed once more without a trace.
    func isUnchanged(in root: BytePath, seenAt moment: Int64) -> Bool {
        guard kind == .names || modified < moment - PictureWatch.clockGrain else { return false }
        do throws(DataError) { return try PictureWatch(kind, path, in: root) == self } catch { return false }
    }

    /// Nanoseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
