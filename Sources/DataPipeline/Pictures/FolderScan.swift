import Glibc
import System

/// A walk through folders, by several threads.
///
/// `@unchecked Sendable`: what a thread has found is touched by that thread alone, the rest under the lock.
final class FolderScan: @unchecked Sendable {
    struct Folder: Sendable {
        let path: [UInt8]
        let part: FoundPictures.Part
        /// Where paths inside of the part begin.
        let start: Int
        /// Of ``classes``; -1 for a part's own folder.
        let label: Int32
    }

    /// What one thread has found.
    final class Found {
        var pictures = FoundPictures()
        /// In no folder of a class.
        var strays = FoundPictures()
        var others = LeftOut()
        var loops = LeftOut()
        var strayPaths = LeftOut()
    }

    private struct Identity: Hashable {
        let device: UInt
        let inode: UInt
    }

    private enum Task {
        case folder(Folder, above: [Identity])
        case files(FolderListing, Range<Int>, of: Folder, place: Int32, above: [Identity])
    }

    private let root: BytePath
    let found: [Found]
    private let monitor = Monitor()
    private(set) var folders: [Folder] = []
    private(set) var classes: [[UInt8]] = []
    private(set) var watches: [PictureWatch] = []
    private var places: [[UInt8]: Int32] = [:]
    /// How many files a task looks at.
    private static let chunk = 2048

    init(_ root: BytePath, threads: Int) {
        self.root = root
        found = (0..<max(threads, 1)).map { _ in Found() }
    }

    /// Walks through the folders of parts.
    func run(_ parts: [(path: [UInt8], part: FoundPictures.Part)]) throws(DataError) {
        let queue = WorkQueue<Task, DataError>(
            parts.map { path, part in
                let start = path.isEmpty ? 0 : path.count + 1
                return .folder(Folder(path: path, part: part, start: start, label: -1), above: [])
            })
        try queue.run(threads: found.count) { [self] number, task throws(DataError) in
            switch task {
            case .folder(let folder, let above): try list(folder, above, queue, found[number])
            case .files(let listing, let range, let folder, let place, let above):
                for index in range { try look(at: listing[index], folder, place, above, queue, found[number]) }
            }
        }
    }

    private func list(_ folder: Folder, _ above: [Identity], _ queue: WorkQueue<Task, DataError>, _ found: Found)
        throws(DataError)
    {
        let path = root.appending(folder.path)
        guard let status = path.status else { throw .failed("stat", path: path.text) }
        let identity = Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
        if above.contains(identity) { return found.loops.add(folder.path) }
        let listing = try FolderListing(path)
        let place = monitor.withLock {
            folders.append(folder)
            if !folder.path.isEmpty { watches.append(PictureWatch(.folder, folder.path, status)) }
            return Int32(folders.count - 1)
        }
        queue.add(
            stride(from: 0, to: listing.count, by: FolderScan.chunk).map { first in
                .files(
                    listing, first..<min(first + FolderScan.chunk, listing.count), of: folder, place: place,
                    above: above + [identity])
            })
    }

    private func look(
        at name: ArraySlice<UInt8>, _ folder: Folder, _ place: Int32, _ above: [Identity],
        _ queue: WorkQueue<Task, DataError>,
        _ found: Found
    ) throws(DataError) {
        let path = folder.path + (folder.path.isEmpty ? [] : [UInt8(ascii: "/")]) + name
        let start = PictureNames.extensionStart(of: name)
        guard let status = root.appending(path).status else {
            let code = errno
            if code == ENOENT, start == nil { return found.others.add(path) }
            let text = root.appending(path).text
            if code == ENOENT { throw .pictures(path: text, problem: .brokenLink) }
            throw .unreadable(path: text, operation: "stat", reason: SystemError.text(code))
        }
        if status.isFolder {
            let label = folder.label >= 0 ? folder.label : number(ofClass: Array(name))
            queue.add([
                .folder(Folder(path: path, part: folder.part, start: folder.start, label: label), above: above)
            ])
            return
        }
        guard let start, status.isRegular else { return found.others.add(path) }
        let stem = path[folder.start..<path.count - (name.endIndex - start) - 1]
        func add(to list: inout FoundPictures) {
            list.append(
                folder.part, key: stem, fileExtension: name[start...], name: name, container: place,
                class: folder.label, size: Int64(status.st_size), offset: nil)
        }
        if folder.label >= 0 {
            add(to: &found.pictures)
        } else {
            found.strayPaths.add(path)
            add(to: &found.strays)
        }
    }

    private func number(ofClass name: [UInt8]) -> Int32 {
        monitor.withLock {
            if let known = places[name] { return known }
            classes.append(name)
            places[name] = Int32(classes.count - 1)
            return Int32(classes.count - 1)
        }
    }
}

extension FolderScan {
    /// What has been found, as the content of an index.
    ///
    /// - Throws: `DataError.pictures` for classes that have no pictures, or not in every part.
    func completed(_ content: PictureIndex.Content) throws(DataError) -> PictureIndex.Content {
        var content = content
        var (others, loops, strays) = (LeftOut(), LeftOut(), LeftOut())
        for own in found {
            content.pictures.append(own.pictures)
            others.add(own.others)
            loops.add(own.loops)
            strays.add(own.strayPaths)
        }
        let isLabelled = content.pictures.count > 0
        if isLabelled {
            content.notes += [strays.note("pictures in no folder of a class")].compactMap(\.self)
        } else {
            for own in found { content.pictures.append(own.strays) }
        }
        content.notes += [
            others.note("files that are no pictures (\(PictureNames.extensions.joined(separator: ", ")))"),
            loops.note("links to a folder above them"),
        ].compactMap(\.self)
        guard content.pictures.count > 0 else { throw .pictures(path: root.text, problem: .noPictures) }
        content.classes = isLabelled ? PictureNames.ordered(classes) : []
        let order = folders.indices.sorted { [UInt8].precedes(folders[$0].path, folders[$1].path) }
        content.containers = order.map { folders[$0].path }
        content.containerSizes = order.map { _ in 0 }
        var newFolders = [Int32](repeating: 0, count: order.count)
        for (place, old) in order.enumerated() { newFolders[old] = Int32(place) }
        let newClasses = Dictionary(uniqueKeysWithValues: content.classes.enumerated().map { ($1, Int32($0)) })
        content.pictures.renumber(containers: newFolders, classes: classes.map { newClasses[$0] ?? -1 })
        content.watches += watches.sorted { [UInt8].precedes($0.path, $1.path) }
        if isLabelled { try checkFolders(content) }
        try content.checkClasses(path: root.text)
        return content
    }

    /// A folder of a class that holds none of its pictures is somebody's mistake.
    private func checkFolders(_ content: PictureIndex.Content) throws(DataError) {
        let counts = content.counts
        for folder in folders where folder.label >= 0 {
            let name = classes[Int(folder.label)]
            guard let place = content.classes.firstIndex(of: name), counts[folder.part.rawValue][place] == 0 else {
                continue
            }
            throw .pictures(path: root.appending(folder.path).text, problem: .emptyClass(PictureNames.text(name)))
        }
    }
}

extension PictureIndex.Content {
    /// The pictures of each class, part by part.
    var counts: [[Int]] {
        var counts = FoundPictures.Part.allCases.map { _ in classes.map { _ in 0 } }
        for index in 0..<pictures.count where pictures.classes[index] >= 0 {
            counts[pictures.part(index).rawValue][Int(pictures.classes[index])] += 1
        }
        return counts
    }

    /// Every part that has pictures has some of every class.
    ///
    /// - Throws: `DataError.pictures` with a class that one part has and another has not.
    func checkClasses(path: String) throws(DataError) {
        let counts = counts
        let parts = FoundPictures.Part.allCases.filter { counts[$0.rawValue].contains { $0 > 0 } }
        for (place, name) in classes.enumerated() {
            guard let other = parts.first(where: { counts[$0.rawValue][place] == 0 }),
                let own = parts.first(where: { counts[$0.rawValue][place] > 0 })
            else { continue }
            throw .pictures(
                path: path,
                problem: .onlyIn(className: PictureNames.text(name), part: own.name, other: other.name))
        }
    }
}

extension FoundPictures.Part {
    /// For messages.
    var name: String {
        switch self {
        case .train: "train"
        case .test: "test"
        case .validation: "val"
        }
    }
}
