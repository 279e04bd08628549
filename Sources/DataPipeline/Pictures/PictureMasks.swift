import ConfigurationReading
import System
import TensorCore

/// Masks beside pictures: where they are, and what their numbers mean.
package struct PictureMaskSettings: Equatable, Sendable {
    /// A folder; the mask of `train/a/7.jpg` is `train/a/7.png` in it.
    package let path: String
    /// The classes in their order, each with the number that it has in masks.
    package let classes: [String]
    package let numbers: [UInt8]

    /// - Parameter numbers: as many as classes, each another one.
    package init(path: String, classes: [String], numbers: [UInt8]) {
        precondition(classes.count == numbers.count, "PictureMaskSettings: \(classes) have the numbers \(numbers)")
        (self.path, self.classes, self.numbers) = (path, classes, numbers)
    }
}

extension PictureMaskSettings: ConfigurationSection {
    package static var title: String { "masks of pictures" }
    package static var shortForm: ConfigurationShortForm { .none }

    package init(from reader: ConfigurationReader) {
        let path = reader.required(
            "path", .text,
            "A folder beside that of the pictures, with a grey or palette PNG of the same size for each: of "
                + "`train/7.jpg` it is `train/7.png`.")
        let classes: [(key: PlacedName, value: Int)] = reader.required(
            "classes", .dictionary(of: .integer(in: 0...255)),
            "The classes with the numbers that they have in masks (of a palette, the place in it): "
                + "`{ground: 0, cat: 255}`. The first one is also what lies outside of a picture with `fit: pad`.")
        if classes.count == 1 {
            reader.refuse("classes", because: "it names one class; give two or more.")
        }
        for (place, entry) in classes.enumerated() {
            if let other = classes[..<place].first(where: { $0.value == entry.value }) {
                reader.refuse(
                    "classes",
                    because: "'\(other.key.name)' and '\(entry.key.name)' have the same number, \(entry.value).")
            }
        }
        self.init(path: path, classes: classes.map(\.key.name), numbers: classes.map { UInt8(clamping: $0.value) })
    }
}

/// The class of each pixel: `mask` [H, W], brought to the pictures' size by the nearest pixel.
struct PictureMasks: PictureAnnotation {
    let field: FieldDescription
    let identity: Int
    private let root: BytePath
    /// The class of each number; −1 where it has none.
    private let classOfNumber: [Int32]
    private let decoders = PictureReaderPool()

    /// Finds the masks of all pictures of an index.
    ///
    /// - Throws: `DataError.pictures` where a picture has none.
    init(_ settings: PictureMaskSettings, _ index: PictureIndex, pictures: BytePath, _ fit: PictureFit)
        throws(DataError)
    {
        root = BytePath(settings.path)
        guard let status = root.status, status.isFolder else {
            throw .missingFile(path: settings.path, expected: [settings.path])
        }
        if index.isOfShards { throw .pictures(path: pictures.text, problem: .masksOfShards) }
        field = FieldDescription(
            name: "mask", elementType: .int32, shape: [fit.height, fit.width],
            meaning: .classes(names: settings.classes))
        var classOfNumber = [Int32](repeating: -1, count: 256)
        for (place, number) in settings.numbers.enumerated() { classOfNumber[Int(number)] = Int32(place) }
        self.classOfNumber = classOfNumber
        var hash = Fingerprint()
        hash.feed("\(settings.numbers)")
        for picture in 0..<index.count {
            let path = root.appending(PictureMasks.name(of: picture, index))
            guard let status = path.status, status.isRegular else {
                throw .pictures(path: path.text, problem: .noMask(picture: PictureMasks.path(of: picture, index).text))
            }
            hash.feed(Int(status.st_size))
        }
        identity = Int(bitPattern: UInt(hash.value))
    }

    /// The picture's path in its folder.
    private static func path(of picture: Int, _ index: PictureIndex) -> BytePath {
        let folder = BytePath(bytes: index.container(index.place(picture)))
        return folder.bytes.isEmpty ? BytePath(bytes: index.name(picture)) : folder.appending(index.name(picture))
    }

    private static func name(of picture: Int, _ index: PictureIndex) -> [UInt8] {
        let path = path(of: picture, index).bytes
        let end = PictureNames.extensionStart(of: path[...]) ?? path.count
        return path[..<end] + (path[..<end].last == UInt8(ascii: ".") ? [] : [UInt8(ascii: ".")]) + Array("png".utf8)
    }

    func readIntegers(_ picture: Int, _ store: PictureStore, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        let extents = try store.extents(of: picture)
        let path = root.appending(PictureMasks.name(of: picture, store.index))
        let file = try SharedBytes(mapping: path.text)
        try decoders.withReader { reader in
            try file.withUnsafeBytes { bytes in
                let mask: Picture
                do throws(PictureProblem) {
                    mask = try reader.decoder.decodeMask(bytes)
                } catch {
                    throw DataError.picture(path: path.text, problem: error)
                }
                guard mask.height == extents.height, mask.width == extents.width else {
                    throw DataError.pictures(
                        path: path.text,
                        problem: .maskOfAnotherSize(
                            mask: [mask.height, mask.width], picture: [extents.height, extents.width]))
                }
                try fill(buffer, from: mask, store.fit, path: path)
            }
        }
    }

    private func fill(
        _ buffer: UnsafeMutableBufferPointer<Int32>, from mask: Picture, _ fit: PictureFit, path: BytePath
    ) throws {
        let layout = fit.layout(height: mask.height, width: mask.width)
        try mask.withUnsafeBytes { numbers in
            for row in 0..<fit.height {
                for column in 0..<fit.width {
                    guard let (y, x) = layout.source(row: row, column: column) else {
                        buffer[row * fit.width + column] = 0
                        continue
                    }
                    let source = min(max(y, 0), mask.height - 1) * mask.width + min(max(x, 0), mask.width - 1)
                    let number = numbers[source]
                    guard classOfNumber[Int(number)] >= 0 else {
                        throw DataError.pictures(
                            path: path.text,
                            problem: .unknownMaskNumber(
                                Int(number), row: source / mask.width, column: source % mask.width))
                    }
                    buffer[row * fit.width + column] = classOfNumber[Int(number)]
                }
            }
        }
    }
}
