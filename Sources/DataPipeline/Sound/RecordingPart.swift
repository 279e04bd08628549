import Glibc
import System

/// Where the recordings of a part of a data set lie: in a folder and those in it, or in an archive.
enum RecordingPart {
    case folder(String)
    case archive(String)

    private static let archiveEndings = ["tar.gz", "tgz", "tar", "tar.xz", "tar.bz2", "tar.zst", "zip"]

    var path: String {
        switch self {
        case .folder(let path), .archive(let path): path
        }
    }

    /// What is at `path`; nil when nothing is.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self = status.st_mode & S_IFMT == S_IFDIR ? .folder(path) : .archive(path)
    }

    /// The folder `name` in `folder`, or the archive of this name; nil when neither is there.
    init?(_ name: String, in folder: String) {
        for path in ["\(folder)/\(name)"] + RecordingPart.archiveEndings.map({ "\(folder)/\(name).\($0)" }) {
            if let part = RecordingPart(path) {
                self = part
                return
            }
        }
        return nil
    }

    /// The recordings' paths in the folder or archive, by their bytes: the same for an archive and its unpacked copy.
    ///
    /// - Throws: `DataError.sound` where there are none.
    func names() throws(DataError) -> [String] {
        var names: [String] = []
        switch self {
        case .folder(let path): try RecordingPart.list(path, "", into: &names)
        case .archive(let path):
            try ArchiveFile.forEach(of: path) { file in
                if RecordingPart.isRecording(file.name) { names.append(file.name) }
            }
        }
        if names.isEmpty { throw .sound(path: path, problem: .noRecordings(extensions: SoundFile.extensions)) }
        return RecordingPart.sorted(names)
    }

    /// Calls `body` with the name and the bytes of every recording, in no particular order.
    func forEach(_ body: (String, UnsafeRawBufferPointer) throws(DataError) -> Void) throws(DataError) {
        switch self {
        case .folder(let path):
            for name in try names() {
                let file = try SharedBytes(mapping: "\(path)/\(name)")
                try file.withUnsafeBytes { bytes in Result { () throws(DataError) in try body(name, bytes) } }.get()
            }
        case .archive(let path):
            var bytes: [UInt8] = []
            try ArchiveFile.forEach(of: path) { file throws(DataError) in
                guard RecordingPart.isRecording(file.name) else { return }
                bytes.removeAll(keepingCapacity: true)
                try file.read(atMost: SharedBytes.halfOfMemory) { bytes += $0 }
                try bytes.withUnsafeBytes { bytes in
                    Result { () throws(DataError) in try body(file.name, bytes) }
                }.get()
            }
        }
    }

    static func sorted(_ names: [String]) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func list(_ folder: String, _ prefix: String, into names: inout [String]) throws(DataError) {
        let entries = try DataError.wrapping { () throws(SystemError) in try Directory.entries(of: folder) }
        for entry in entries where !entry.hasPrefix(".") {
            let path = "\(folder)/\(entry)"
            if case .folder = RecordingPart(path) {
                try list(path, "\(prefix)\(entry)/", into: &names)
            } else if isRecording(entry) {
                names.append(prefix + entry)
            }
        }
    }

    /// Whether a file is a recording, by its ending; hidden files, as some archives have them, are none.
    private static func isRecording(_ name: String) -> Bool {
        let file = name.split(separator: "/").last ?? ""
        guard !file.hasPrefix("."), let dot = file.lastIndex(of: ".") else { return false }
        return SoundFile.extensions.contains(file[file.index(after: dot)...].lowercased())
    }
}
