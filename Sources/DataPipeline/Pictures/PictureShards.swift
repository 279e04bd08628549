import Glibc
import System

/// Finds pictures in tar shards in the convention of WebDataset: the files of one name, up to its first dot, are a
/// sample: `0001.jpg` and `0001.cls`, whose text is the class; without that the class is the first folder of the name.
struct PictureShards: Sendable {
    /// A shard, by its path in the data set's folder.
    private struct Shard: Sendable {
        let path: [UInt8]
        let part: FoundPictures.Part
    }

    let root: BytePath
    private let shards: [Shard]
    private let threads: Int

    /// Whether `path` names shards: one, several by braces, or a folder that holds some, maybe in folders of parts.
    static func areAt(_ path: String) -> Bool {
        if path.contains("{") || path.hasSuffix(".tar") { return true }
        let folder = BytePath(path)
        return !shards(in: folder).isEmpty
    }

    /// - Throws: `DataError` for a pattern that is none, and for no shards.
    init(_ path: String, threads: Int) throws(DataError) {
        self.threads = threads
        guard path.contains("{") || path.hasSuffix(".tar") else {
            root = BytePath(path)
            shards = try PictureShards.ordered(PictureShards.shards(in: root), path)
            return
        }
        let names: [String]
        do throws(PictureSetProblem) {
            names = try BracePattern.names(path)
        } catch {
            throw .pictures(path: path, problem: error)
        }
        // The folder that all are in.
        let fixed = path.prefix { $0 != "{" }
        let end = fixed.lastIndex(of: "/")
        let folder = end.map { String(fixed[..<$0]) } ?? "."
        root = BytePath(folder.isEmpty ? "/" : folder)
        let length = end.map { path.distance(from: path.startIndex, to: path.index(after: $0)) } ?? 0
        shards = try PictureShards.ordered(
            names.map { name in
                let own = Array(name.dropFirst(length).utf8)
                return Shard(path: own, part: PictureShards.part(of: own))
            }, path)
    }

    /// What another set of shards has otherwise.
    var question: [UInt8] { shards.flatMap { $0.path + [0, UInt8($0.part.rawValue)] } }

    /// A word of the path says it: `train-000.tar` and `train/000.tar` belong to training, `data-val-000.tar` to
    /// validation. Without such a word a shard belongs to training.
    private static func part(of path: [UInt8]) -> FoundPictures.Part {
        let words = path.split { !(($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z")) }
        return words.lazy.compactMap { PictureNames.part($0) }.first ?? .train
    }

    private static func ordered(_ shards: [Shard], _ path: String) throws(DataError) -> [Shard] {
        guard !shards.isEmpty else { throw .pictures(path: path, problem: .noShards) }
        let hasTraining = shards.contains { $0.part == .train }
        return shards.map { hasTraining ? $0 : Shard(path: $0.path, part: .train) }
            .sorted { [UInt8].precedes($0.path, $1.path) }
    }

    private static func shards(in folder: BytePath) -> [Shard] {
        func tars(_ folder: BytePath, _ prefix: [UInt8]) -> [Shard] {
            guard let listing = try? FolderListing(folder) else { return [] }
            return (0..<listing.count).compactMap { index in
                guard listing[index].count > 4, listing[index].suffix(4).elementsEqual(Array(".tar".utf8)) else {
                    return nil
                }
                let path = prefix + listing[index]
                return Shard(path: path, part: part(of: path))
            }
        }
        var result = tars(folder, [])
        for name in ["train", "test", "val", "valid", "validation"] {
            result += tars(folder.appending(Array(name.utf8)), Array("\(name)/".utf8))
        }
        return result
    }

    // MARK: Looking into them

    /// Reads all headers.
    func content() throws(DataError) -> PictureIndex.Content {
        let scan = ShardScan(count: shards.count)
        let queue = WorkQueue<Int, DataError>(Array(shards.indices))
        try queue.run(threads: min(threads, shards.count)) { number, place throws(DataError) in
            let shard = shards[place]
            let watch = try PictureWatch(.file, shard.path, in: root)
            let samples = try ShardSamples(root.appending(shard.path), part: shard.part, place: Int32(place))
            scan.add(samples, watch, place: place)
        }
        return try scan.completed(shards.map(\.path), path: root.text)
    }
}

/// What has been found in shards.
///
/// `@unchecked Sendable`: everything is under the lock.
private final class ShardScan: @unchecked Sendable {
    private let monitor = Monitor()
    private var samples: [ShardSamples?]
    private var watches: [PictureWatch?]

    init(count: Int) {
        samples = (0..<count).map { _ in nil }
        watches = (0..<count).map { _ in nil }
    }

    func add(_ found: ShardSamples, _ watch: PictureWatch, place: Int) {
        monitor.withLock {
            samples[place] = found
            watches[place] = watch
        }
    }

    func completed(_ paths: [[UInt8]], path: String) throws(DataError) -> PictureIndex.Content {
        var content = PictureIndex.Content()
        var others = LeftOut()
        let samples = samples.compactMap(\.self)
        let names = Set(samples.flatMap(\.classes))
        content.classes = PictureNames.ordered(names)
        let places = Dictionary(uniqueKeysWithValues: content.classes.enumerated().map { ($1, Int32($0)) })
        content.containers = paths
        content.watches = watches.compactMap(\.self)
        content.containerSizes = content.watches.map(\.content)
        for own in samples {
            if !names.isEmpty, let (path, key, header) = own.unlabelled {
                throw .pictures(path: path, problem: .noClass(key: key, offset: header))
            }
            var pictures = own.pictures
            pictures.renumber(
                containers: (0..<Int32(paths.count)).map(\.self), classes: own.classes.map { places[$0] ?? -1 })
            content.pictures.append(pictures)
            others.add(own.others)
        }
        content.notes += [others.note("samples without a picture")].compactMap(\.self)
        guard content.pictures.count > 0 else { throw .pictures(path: path, problem: .noPictures) }
        try content.checkClasses(path: path)
        return content
    }
}

/// The samples of one shard.
private struct ShardSamples: Sendable {
    private(set) var pictures = FoundPictures()
    private(set) var classes: [[UInt8]] = []
    /// The first sample that has no class.
    private(set) var unlabelled: (path: String, key: String, header: Int)?
    private(set) var others = LeftOut()
    private var places: [[UInt8]: Int32] = [:]

    /// The sample whose files are being read.
    private struct Current {
        let key: [UInt8]
        let header: Int
        var picture: (name: [UInt8], start: Int, offset: Int, size: Int)?
        var label: [UInt8]?
    }

    init(_ path: BytePath, part: FoundPictures.Part, place: Int32) throws(DataError) {
        let archive = try ShardArchive(path)
        var current: Current?
        var own = ShardSamples()
        try archive.forEachFile { entry throws(DataError) in
            let keyEnd = ShardSamples.keyEnd(entry.name)
            let key = Array(entry.name[..<keyEnd])
            if current?.key != key {
                own.finish(current, path, part, place)
                current = Current(key: key, header: entry.header)
            }
            let ending = entry.name[min(keyEnd + 1, entry.name.count)...]
            if ending.elementsEqual(Array("cls".utf8)) {
                let label = ShardSamples.trimmed(entry.bytes)
                current?.label = label.isEmpty ? nil : label
            } else if let start = PictureNames.extensionStart(of: entry.name[...]) {
                // `0001.seg.png` goes with `0001.jpg`; it is the picture only where there is no other.
                let isPlain = start == keyEnd + 1
                if let other = current?.picture {
                    let otherIsPlain = other.start == keyEnd + 1
                    if isPlain == otherIsPlain {
                        throw .pictures(
                            path: path.text,
                            problem: .twoPictures(key: String(decoding: key, as: UTF8.self), offset: entry.header))
                    }
                    if otherIsPlain { return }
                }
                current?.picture = (entry.name, start, entry.offset, entry.bytes.count)
            }
        }
        own.finish(current, path, part, place)
        self = own
    }

    private init() {}

    private mutating func finish(_ sample: Current?, _ path: BytePath, _ part: FoundPictures.Part, _ place: Int32) {
        guard let sample else { return }
        guard let picture = sample.picture else { return others.add(path.bytes + [UInt8(ascii: "/")] + sample.key) }
        var key = sample.key[...]
        let slash = UInt8(ascii: "/")
        // A shard that was packed one folder higher has the part's folder in its names.
        if let end = key.firstIndex(of: slash), PictureNames.part(key[..<end]) != nil, key[(end + 1)...].contains(slash)
        {
            key = key[(end + 1)...]
        }
        let folder = key.firstIndex(of: slash).map { Array(key[..<$0]) }
        var label: Int32 = -1
        if let name = sample.label ?? folder {
            label = places[name] ?? Int32(classes.count)
            if label == classes.count {
                classes.append(name)
                places[name] = label
            }
        } else if unlabelled == nil {
            unlabelled = (path.text, String(decoding: sample.key, as: UTF8.self), sample.header)
        }
        pictures.append(
            part, key: key, fileExtension: picture.name[picture.start...], name: picture.name, container: place,
            class: label, size: Int64(picture.size), offset: Int64(picture.offset))
    }

    /// Where the first dot of the file's own name is.
    private static func keyEnd(_ name: [UInt8]) -> Int {
        let start = name.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return name[start...].firstIndex(of: UInt8(ascii: ".")) ?? name.count
    }

    private static func trimmed(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte <= 0x20 }
        let head = bytes.drop(while: isSpace)
        return Array(head.prefix(1024).reversed().drop(while: isSpace).reversed())
    }
}
