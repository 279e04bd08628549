import DataPipeline
import Foundation
import TestSupport

/// Files of small pictures, each of one level of its own, in folders, tables and shards.
struct PictureTree {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.path }

    /// A grey PNG picture of one level.
    static func png(_ level: UInt8, height: Int = 3, width: Int = 4) -> [UInt8] {
        pngBytes(height: height, width: width) { _, _, _ in level }
    }

    /// Writes a file, with its folders.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        let folder = "\(path)/\(name)".split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "/" + folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    /// Pictures by their names; the level is the place in the list.
    func write(pictures names: [String]) throws {
        for (level, name) in names.enumerated() { try write(name, PictureTree.png(UInt8(level))) }
    }

    /// Makes all folders an hour old, so that an index of them is trusted.
    func age() throws {
        let hour = Date(timeIntervalSinceNow: -3600)
        let all = [""] + (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [])
        for name in all {
            try FileManager.default.setAttributes([.modificationDate: hour], ofItemAtPath: "\(path)/\(name)")
        }
    }

    /// The files in the tree, the index left out.
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    func open(_ images: Images, _ split: DatasetSplit = .train, at name: String = "") throws -> any Dataset {
        try images.open(split, path: name.isEmpty ? path : "\(path)/\(name)", imports: [:])
    }
}

extension Dataset {
    /// What a tree's samples are told by: their levels and classes' names, in order.
    func told() throws -> [String] {
        let names = targetField?.meaning.choiceNames
        return try (0..<count).map { index in
            let level = Int(try values(index)[0].rounded())
            return "\(level)" + (try names.map { " \($0[Int(try label(index))])" } ?? "")
        }
    }
}
