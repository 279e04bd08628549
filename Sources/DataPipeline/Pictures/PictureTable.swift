import ConfigurationReading
import Glibc
import System

/// A table of pictures: a row each, with the file, its class and maybe its part.
package struct PictureTableSettings: Equatable, Sendable {
    /// Its path in the data set's folder.
    package let path: String
    /// The columns of the pictures' paths, of their classes and of their parts; nil where the table does not say.
    package let file: String
    package let label: String?
    package let split: String?
    /// The columns of a box's left, top, right and bottom edge, in pixels; empty where the table has none.
    package let box: [String]
    /// The columns of points, x and y in turn, in pixels.
    package let points: [String]
    package let separator: Character

    package init(
        path: String, file: String = "file", label: String? = nil, split: String? = nil, box: [String] = [],
        points: [String] = [], separator: Character = ","
    ) {
        precondition(
            (box.isEmpty || box.count == 4) && points.count % 2 == 0,
            "PictureTableSettings: a box of \(box.count) columns, points of \(points.count)")
        self.path = path
        self.file = file
        self.label = label
        self.split = split
        self.box = box
        self.points = points
        self.separator = separator
    }

    /// What another table, or the same one read in another way, has otherwise.
    var question: [UInt8] {
        let class_ = label ?? (isPlaced ? "\0" : "class")
        return [path, file, class_, split ?? "\0", String(separator)].flatMap { Array($0.utf8) + [0] }
    }

    /// Whether it says where things are, and need not say what they are.
    var isPlaced: Bool { !box.isEmpty || !points.isEmpty }
}

extension PictureTableSettings: ConfigurationSection {
    package static var title: String { "table of pictures" }
    package static var shortForm: ConfigurationShortForm { .value(of: "path") }

    package init(from reader: ConfigurationReader) {
        let box: [String] = reader.value(
            "box", .list(of: .text), default: [],
            "The columns of a box's left, top, right and bottom edge in pixels of the picture, for the field `box`.")
        if !box.isEmpty, box.count != 4 {
            reader.refuse("box", because: "it names \(box.count) columns; give left, top, right and bottom.")
        }
        let points: [String] = reader.value(
            "points", .list(of: .text), default: [],
            "The columns of points in pixels of the picture, x and y in turn, for the field `points`.")
        if points.count % 2 != 0 {
            reader.refuse("points", because: "it names \(points.count) columns; give x and y of each point.")
        }
        self.init(
            path: reader.required(
                "path", .text, "The CSV file, in the data set's folder; the pictures' paths begin at the file's folder."
            ),
            file: reader.value("file", .text, default: "file", "The column of the pictures' paths."),
            label: reader.optional(
                "class", .text,
                "The column of their classes; `class` if absent, or none where that is no column and the table has "
                    + "boxes or points."),
            split: reader.optional(
                "split", .text,
                "The column that says `train`, `test` or `val`; without it the test is drawn from all rows."),
            box: box.count == 4 ? box : [], points: points.count % 2 == 0 ? points : [],
            separator: TableSettings.separator(from: reader))
    }
}

/// Finds the pictures that a table names.
struct PictureTable {
    let root: BytePath
    private let settings: PictureTableSettings
    let table: BytePath
    private let threads: Int

    init(_ folder: BytePath, _ settings: PictureTableSettings, threads: Int) {
        table = folder.appending(Array(settings.path.utf8))
        root = table.folder
        self.settings = settings
        self.threads = threads
    }

    /// A path as the index has it.
    static func path(_ cell: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        cell.starts(with: Array("./".utf8)) ? cell.dropFirst(2) : cell
    }

    /// Reads the table and looks at every file.
    ///
    /// - Throws: `DataError` with the table's line.
    func content() throws(DataError) -> PictureIndex.Content {
        var content = PictureIndex.Content()
        let name = Array(table.bytes[(table.bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...])
        content.watches = [try PictureWatch(.file, name, in: root)]
        var rows = try PictureRows(SharedBytes(mapping: table.text), settings)
        try rows.measure(root, path: table.text, threads: threads)
        content.classes = PictureNames.ordered(rows.classes)
        let places = Dictionary(uniqueKeysWithValues: content.classes.enumerated().map { ($1, Int32($0)) })
        content.containers = [[]]
        content.containerSizes = [0]
        rows.fill(&content.pictures) { places[$0] ?? -1 }
        guard content.pictures.count > 0 else { throw .emptyFile(path: table.text) }
        for folder in rows.folders {
            content.watches.append(try PictureWatch(folder.isEmpty ? .names : .folder, folder, in: root))
        }
        try content.checkClasses(path: table.text)
        return content
    }
}

/// The rows of a table of pictures, column by column.
private struct PictureRows {
    private var paths: [UInt8] = []
    private var pathEnds: [Int] = []
    private var lines: [Int32] = []
    private var labels: [Int32] = []
    private var parts: [FoundPictures.Part] = []
    private var sizes: [Int64] = []
    private(set) var classes: [[UInt8]] = []

    init(_ file: SharedBytes, _ settings: PictureTableSettings) throws(DataError) {
        var rows = PictureRows()
        try file.withUnsafeBytes { bytes in
            Result { () throws(DataError) in
                try rows.read(
                    try DelimitedText(bytes, path: file.path, separator: settings.separator), file.path, settings)
            }
        }.get()
        self = rows
    }

    private init() {}

    private mutating func read(
        _ text: DelimitedText, _ path: String, _ settings: PictureTableSettings
    ) throws(DataError) {
        var text = text
        guard let header = try text.next() else { throw .emptyFile(path: path) }
        func column(_ name: String, _ key: String) throws(DataError) -> Int {
            if let place = header.cells.firstIndex(of: name) { return place }
            throw .unknownColumn(
                path: path, key: "table.\(key)", name: name, known: header.cells,
                nearest: nearestName(to: name, among: header.cells))
        }
        let file = try column(settings.file, "file")
        let hasClasses = settings.label != nil || !settings.isPlaced || header.cells.contains("class")
        let label = hasClasses ? try column(settings.label ?? "class", "class") : nil
        var split: Int?
        if let name = settings.split { split = try column(name, "split") }
        var places: [String: Int32] = [:]
        while let row = try text.next() {
            guard row.cells.count == header.cells.count else {
                throw .table(
                    path: path, line: row.line, column: nil,
                    problem: "\(row.cells.count) values for \(header.cells.count) columns; complete the row")
            }
            for place in [file] + (label.map { [$0] } ?? []) where row.cells[place].isEmpty {
                throw .table(
                    path: path, line: row.line, column: header.cells[place],
                    problem: "the value is missing; fill it in, or remove the row")
            }
            paths.append(contentsOf: row.cells[file].utf8)
            pathEnds.append(paths.count)
            lines.append(Int32(clamping: row.line))
            let name = label.map { row.cells[$0] }
            if let name, places[name] == nil {
                places[name] = Int32(classes.count)
                classes.append(Array(name.utf8))
            }
            labels.append(name.flatMap { places[$0] } ?? -1)
            parts.append(try PictureRows.part(row, split, path, header))
        }
    }

    private static func part(
        _ row: DelimitedRecord, _ column: Int?, _ path: String, _ header: DelimitedRecord
    ) throws(DataError) -> FoundPictures.Part {
        guard let column else { return .train }
        guard let part = PictureNames.part(row.cells[column].lowercased().utf8) else {
            throw .table(
                path: path, line: row.line, column: header.cells[column],
                problem: "'\(row.cells[column])' is none of train, test and val; correct it")
        }
        return part
    }

    private func path(_ index: Int) -> ArraySlice<UInt8> {
        let path = paths[(index == 0 ? 0 : pathEnds[index - 1])..<pathEnds[index]]
        return PictureTable.path(path)
    }

    /// Looks at the files, on several threads.
    mutating func measure(_ root: BytePath, path table: String, threads: Int) throws(DataError) {
        let chunk = 2048
        let sizes = UnsafeMutableBufferPointer<Int64>.allocate(capacity: lines.count)
        defer { sizes.deallocate() }
        nonisolated(unsafe) let target = sizes
        let queue = WorkQueue<Range<Int>, DataError>(
            stride(from: 0, to: lines.count, by: chunk).map { [lines] in $0..<min($0 + chunk, lines.count) })
        try queue.run(threads: threads) { [self] _, range throws(DataError) in
            for index in range {
                let file = root.appending(path(index))
                guard let status = file.status, status.isRegular else {
                    throw .table(
                        path: table, line: Int(lines[index]), column: nil,
                        problem: "there is no file \(file.text); correct the path, which begins at the table's folder, "
                            + "or remove the row")
                }
                target[index] = Int64(status.st_size)
            }
        }
        self.sizes = Array(sizes)
    }

    func fill(_ pictures: inout FoundPictures, _ label: ([UInt8]) -> Int32) {
        let labelOfClass = classes.map(label)
        for index in lines.indices {
            let path = path(index)
            let start = PictureNames.extensionStart(of: path)
            pictures.append(
                parts[index], key: path[..<(start.map { $0 - 1 } ?? path.endIndex)],
                fileExtension: path[(start ?? path.endIndex)...], name: path, container: 0,
                class: labels[index] < 0 ? -1 : labelOfClass[Int(labels[index])], size: sizes[index], offset: nil)
        }
    }

    /// The folders of the files, each once.
    var folders: [[UInt8]] {
        var (seen, last): (Set<[UInt8]>, [UInt8]?) = ([], nil)
        for index in lines.indices {
            let path = path(index)
            let folder = Array(path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)])
            if folder != last { seen.insert(folder) }
            last = folder
        }
        return seen.sorted(by: [UInt8].precedes)
    }
}
