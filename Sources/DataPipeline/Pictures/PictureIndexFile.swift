import Glibc
import System

/// Where the index of a data set's pictures is kept between runs.
///
/// In the data set's folder if that can be written, else in the user's cache folder, else nowhere. A file is taken if
/// its hash is right, it belongs to the same question, and every folder or shard that it is about is as it was. It is
/// replaced as a whole, so that two processes that make it at once do no harm.
struct PictureIndexFile: Sendable {
    private let folder: BytePath
    /// What the files are looked for with: another question has another index.
    private let identity: [UInt8]
    private let inFolder: BytePath
    private let inCache: BytePath?

    /// - Parameters:
    ///   - name: tells the indices of one folder apart.
    ///   - environment: where the cache folder is.
    init(_ folder: BytePath, name: String, question: [UInt8], environment: [String: String] = currentEnvironment) {
        self.folder = folder
        inFolder = folder.appending(Array(".trainer-\(name).index".utf8))
        let whole = folder.withCString { realpath($0, nil) }
        defer { free(whole) }
        let absolute = whole.map { String(cString: $0) } ?? folder.text
        identity = question
        var hash = Fingerprint()
        hash.feed(absolute)
        hash.feed(name)
        let cache =
            environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environment["HOME"].map { "\($0)/.cache" }
        inCache = cache.map { BytePath("\($0)/trainer/\(String(hash.value, radix: 16)).index") }
    }

    /// What another process of the host imports.
    var exportName: String { "index of \(inFolder.text)" }

    /// The index of another process of the host, or the kept one, or a new one.
    ///
    /// - Parameter make: looks at the files.
    func open(
        imports: [String: SharedBytes.Export], _ make: () throws(DataError) -> PictureIndex.Content
    ) throws(DataError) -> PictureIndex {
        if let export = imports[exportName], let index = imported(export) { return index }
        let places = [inFolder] + (inCache.map { [$0] } ?? [])
        for place in places { if let index = kept(at: place), isUpToDate(index) { return index } }
        var content = try make()
        content.identity = identity
        let bytes = PictureIndex.encoded(content)
        for place in places { if write(bytes, to: place), let index = kept(at: place) { return index } }
        // Nobody lets us write: other processes map it from memory.
        let shared = try SharedBytes(filling: folder.text) { descriptor throws(DataError) in
            try bytes.withUnsafeBytes { bytes in
                Result { () throws(DataError) in try MemoryObject.write(bytes, to: descriptor, path: folder.text) }
            }.get()
            return bytes.count
        }
        guard let index = PictureIndex(shared) else { preconditionFailure("PictureIndexFile: it reads nothing back") }
        return index
    }

    private func imported(_ export: SharedBytes.Export) -> PictureIndex? {
        do throws(DataError) {
            return PictureIndex(try SharedBytes(importing: export, path: inFolder.text))
        } catch {
            return nil  // The exporting process is of another user or gone: look here.
        }
    }

    /// A whole index of the same question.
    private func kept(at place: BytePath) -> PictureIndex? {
        do throws(DataError) {
            guard let index = PictureIndex(try SharedBytes(exporting: place.text)), index.identity == identity else {
                return nil
            }
            return index
        } catch {
            return nil  // There is none, or none that can be read: it is made.
        }
    }

    private func isUpToDate(_ index: PictureIndex) -> Bool {
        let moment = index.moment
        return index.watches.allSatisfy { $0.isUnchanged(in: folder, seenAt: moment) }
    }

    /// Whether the index is there now; a folder that can't be written is no error.
    private func write(_ bytes: [UInt8], to place: BytePath) -> Bool {
        do throws(SystemError) {
            if place == inCache { try Directory.create(place.folder.text) }
            // What is lost in a power cut has a wrong hash and is made anew.
            try AtomicFile.write(bytes: bytes, to: place.text, isDurable: false)
            return true
        } catch {
            return false
        }
    }

    private static var currentEnvironment: [String: String] {
        ["XDG_CACHE_HOME", "HOME"].reduce(into: [:]) { result, name in
            result[name] = getenv(name).map { String(cString: $0) }
        }
    }
}

extension BytePath {
    /// The folder that it is in.
    var folder: BytePath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return BytePath(".") }
        return BytePath(bytes: slash == 0 ? [UInt8(ascii: "/")] : Array(bytes[..<slash]))
    }
}
