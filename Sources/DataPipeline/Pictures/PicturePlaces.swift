import System
import TensorCore

/// Numbers of a table of pictures that say where something is in them, in pixels of the file: a `box` [4] of the left,
/// top, right and bottom edge, or `points` [P, 2] of x and y. They become pixels of the fitted picture.
struct PicturePlaces: PictureAnnotation {
    let field: FieldDescription
    let identity: Int
    /// By picture, x and y in turn.
    private let numbers: [Float]

    /// - Parameters:
    ///   - name: of the field.
    ///   - columns: of x and y in turn.
    /// - Throws: `DataError` with the table's line.
    init(
        _ name: String, columns: [String], _ settings: PictureTableSettings, table: BytePath, _ index: PictureIndex
    ) throws(DataError) {
        let isBox = name == "box"
        field = FieldDescription(
            name: name, elementType: .float32, shape: isBox ? [4] : [columns.count / 2, 2],
            meaning: .real(names: isBox ? ["left", "top", "right", "bottom"] : ["x", "y"]))
        let rows = try PicturePlaces.rows(SharedBytes(mapping: table.text), columns, settings, key: "table.\(name)")
        var numbers: [Float] = []
        numbers.reserveCapacity(index.count * columns.count)
        var hash = Fingerprint()
        for picture in 0..<index.count {
            let name = index.name(picture)
            guard let row = rows[name] else {
                throw .pictures(
                    path: table.text, problem: .noPlaces(picture: String(decoding: name, as: UTF8.self)))
            }
            numbers += row.numbers
            for number in row.numbers { hash.feed(Int(number.bitPattern)) }
        }
        self.numbers = numbers
        identity = Int(bitPattern: UInt(hash.value))
    }

    /// The numbers of each picture by its path, with the line where they stand.
    private static func rows(
        _ file: SharedBytes, _ columns: [String], _ settings: PictureTableSettings, key: String
    ) throws(DataError) -> [[UInt8]: (line: Int, numbers: [Float])] {
        try file.withUnsafeBytes { bytes in
            Result { () throws(DataError) in
                var text = try DelimitedText(bytes, path: file.path, separator: settings.separator)
                guard let header = try text.next() else { throw DataError.emptyFile(path: file.path) }
                var places: [Int] = []
                for name in [settings.file] + columns {
                    guard let place = header.cells.firstIndex(of: name) else {
                        throw DataError.unknownColumn(
                            path: file.path, key: key, name: name, known: header.cells,
                            nearest: nearestName(to: name, among: header.cells))
                    }
                    places.append(place)
                }
                var rows: [[UInt8]: (line: Int, numbers: [Float])] = [:]
                while let row = try text.next() {
                    guard row.cells.count == header.cells.count else {
                        throw DataError.table(
                            path: file.path, line: row.line, column: nil,
                            problem: "\(row.cells.count) values for \(header.cells.count) columns; complete the row")
                    }
                    let path = PictureTable.path(Array(row.cells[places[0]].utf8)[...])
                    var numbers: [Float] = []
                    for place in places.dropFirst() {
                        guard let number = Float(row.cells[place]), number.isFinite else {
                            throw DataError.table(
                                path: file.path, line: row.line, column: header.cells[place],
                                problem: "'\(row.cells[place])' is no number of pixels; correct it")
                        }
                        numbers.append(number)
                    }
                    if let other = rows[Array(path)] {
                        throw DataError.table(
                            path: file.path, line: row.line, column: settings.file,
                            problem: "the picture has been named in line \(other.line), and a picture has one \(key); "
                                + "keep one of the rows")
                    }
                    rows[Array(path)] = (row.line, numbers)
                }
                return rows
            }
        }.get()
    }

    func read(_ picture: Int, _ store: PictureStore, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        let extents = try store.extents(of: picture)
        let layout = store.fit.layout(height: extents.height, width: extents.width)
        let count = field.shape.count
        precondition(buffer.count == count, "\(field.name): \(buffer.count) floats of \(field.shape)")
        for place in stride(from: 0, to: count, by: 2) {
            let (x, y) = (numbers[picture * count + place], numbers[picture * count + place + 1])
            let fitted = layout.place(x: Double(x), y: Double(y))
            (buffer[place], buffer[place + 1]) = (Float(fitted.x), Float(fitted.y))
        }
        guard count == 4, field.shape.rank == 1 else { return }
        // What is cut off of a box is not seen.
        for place in 0..<4 {
            buffer[place] = min(max(buffer[place], 0), Float(place % 2 == 0 ? store.fit.width : store.fit.height))
        }
    }
}
