import DataPipeline
import Foundation
import Testing

/// Builds small IDX files and damages them.
struct IDXDatasetTests {
    let folder: TemporaryFolder
    static let images = bigEndian(0x803, 5, 2, 3) + (0..<30).map { UInt8($0 * 8) }
    static let labels = bigEndian(0x801, 5) + [3, 1, 4, 1, 9]
    let imagesPath: String
    let labelsPath: String

    init() throws {
        folder = try TemporaryFolder()
        imagesPath = "\(folder.path)/train-images-idx3-ubyte"
        labelsPath = "\(folder.path)/train-labels-idx1-ubyte"
    }

    func open(images: [UInt8]? = images, labels: [UInt8]? = labels, packed: Bool = false) throws -> IDXDataset {
        let suffix = packed ? ".gz" : ""
        if let images { try folder.write("train-images-idx3-ubyte" + suffix, packed ? gzip(images) : images) }
        if let labels { try folder.write("train-labels-idx1-ubyte" + suffix, packed ? gzip(labels) : labels) }
        return try IDXDataset(name: "mnist", folder: folder.path, split: .train, classNames: digitNames)
    }

    @Test("reads plain and packed files alike", arguments: [false, true])
    func reads(packed: Bool) throws {
        let dataset = try open(packed: packed)
        #expect(dataset.name == "mnist/train" && dataset.count == 5 && dataset.inputShape == [2, 3, 1])
        #expect(try (0..<5).map { try dataset.label($0) } == [3, 1, 4, 1, 9])
        #expect(try dataset.values(2) == (12..<18).map { Float($0 * 8) })
        #expect(dataset.exports.count == (packed ? 2 : 0))
    }

    @Test("the fingerprint follows the content and not the packing")
    func fingerprints() throws {
        let reference = try open().fingerprint
        var changed = Self.images
        changed[20] ^= 1
        #expect(try open(images: changed).fingerprint != reference)
        var relabelled = Self.labels
        relabelled[12] = 8
        #expect(try open(labels: relabelled).fingerprint != reference)
        try FileManager.default.removeItem(atPath: imagesPath)
        try FileManager.default.removeItem(atPath: labelsPath)
        #expect(try open(packed: true).fingerprint == reference)
    }

    @Test("a missing file is named with its full path and what the folder must hold")
    func missing() throws {
        let expected = ["train-images-idx3-ubyte[.gz]", "train-labels-idx1-ubyte[.gz]"]
        #expect(throws: DataError.missingFile(path: imagesPath, expected: expected)) { try open(images: nil) }
        let text = DataError.missingFile(path: imagesPath, expected: expected).description
        for part in [imagesPath, expected[0], expected[1], "--data DIR", "TRAINER_DATA"] {
            #expect(text.contains(part))
        }
    }

    @Test("a cut file is named with both sizes", arguments: [0, 3, 4, 15, 16, 45])
    func truncatedImages(size: Int) throws {
        let expected = size < 16 ? 16 : 46
        #expect(throws: DataError.truncated(path: imagesPath, expected: expected, actual: size)) {
            try open(images: Array(Self.images[..<size]))
        }
    }

    @Test("cut labels and bytes after the end are refused")
    func wrongSizes() throws {
        #expect(throws: DataError.truncated(path: labelsPath, expected: 13, actual: 12)) {
            try open(labels: Self.labels.dropLast())
        }
        #expect(throws: DataError.trailingBytes(path: labelsPath, expected: 13, actual: 14)) {
            try open(labels: Self.labels + [0])
        }
        #expect(throws: DataError.trailingBytes(path: imagesPath, expected: 46, actual: 47)) {
            try open(images: Self.images + [0])
        }
    }

    @Test("a header whose sizes overflow is a cut file and no trap")
    func hugeHeader() throws {
        #expect(throws: DataError.truncated(path: imagesPath, expected: Int.max, actual: 16)) {
            try open(images: bigEndian(0x803, .max, .max, .max))
        }
        #expect(throws: DataError.emptyFile(path: imagesPath)) { try open(images: bigEndian(0x803, 0, 2, 3)) }
    }

    @Test("another magic number is refused")
    func magic() throws {
        #expect(throws: DataError.wrongMagic(path: imagesPath, expected: 0x803, actual: 0x801)) {
            try open(images: Self.labels)
        }
        #expect(throws: DataError.wrongMagic(path: labelsPath, expected: 0x801, actual: 0x803)) {
            try open(labels: Self.images)
        }
        #expect(
            DataError.wrongMagic(path: "f", expected: 0x803, actual: 0x801).description.contains(
                "offset 0: expected 0x00000803, found 0x00000801"))
    }

    @Test("a label out of range is named with its offset")
    func labelRange() throws {
        var labels = Self.labels
        labels[11] = 10
        #expect(throws: DataError.labelOutOfRange(path: labelsPath, offset: 11, value: 10, classes: 10)) {
            try open(labels: labels)
        }
    }

    @Test("different counts of images and labels are refused")
    func counts() throws {
        #expect(throws: DataError.countMismatch(imagesPath: imagesPath, images: 5, labelsPath: labelsPath, labels: 4)) {
            try open(labels: bigEndian(0x801, 4) + [1, 2, 3, 4])
        }
    }

    @Test("a folder in the place of a file is unreadable")
    func unreadable() throws {
        try FileManager.default.createDirectory(atPath: imagesPath, withIntermediateDirectories: false)
        #expect(throws: DataError.unreadable(path: imagesPath, operation: "mmap", reason: "not a regular file")) {
            try open(images: nil)
        }
    }

    @Test("a pipe in the place of a file is refused and not waited for")
    func pipe() throws {
        try #require(mkfifo(imagesPath, 0o600) == 0)
        #expect(throws: DataError.unreadable(path: imagesPath, operation: "mmap", reason: "not a regular file")) {
            try open(images: nil)
        }
    }

    @Test("numbers in the header of a picture that no integer holds are another size, and no trap")
    func hugePicture() throws {
        for size in ["99999999999999999999999999 2", "4294967296 4294967296", "-2 3", "0 0"] {
            let path = try folder.write("picture.pgm", Array("P5 \(size) 255\n".utf8) + [0, 0, 0, 0, 0, 0])
            #expect(throws: DataError.self) { try SampleFile(path, shape: [2, 3, 1]) }
        }
    }

    @Test("pictures may have long comments and follow each other; what can't be read is named")
    func pictures() throws {
        func sample(_ name: String, _ bytes: [UInt8]) throws -> SampleFile {
            try SampleFile(try folder.write(name, bytes), shape: [2, 3, 1])
        }
        let comment = "# " + String(repeating: "x", count: 3000) + "\n"
        let one = Array("P5\n\(comment)3 2\n255\n".utf8) + [1, 2, 3, 4, 5, 6]
        let file = try sample("two.pgm", one + Array("P5 3 2 255\n".utf8) + [6, 5, 4, 3, 2, 1] + [10])
        #expect(file.count == 2 && file.pixels(0) == [1, 2, 3, 4, 5, 6] && file.pixels(1) == [6, 5, 4, 3, 2, 1])
        func text(_ name: String, _ bytes: [UInt8]) -> String {
            do {
                _ = try sample(name, bytes)
                return "read"
            } catch {
                return "\(error)"
            }
        }
        #expect(text("a", Array("P2\n3 2\n255\n1 2 3 4 5 6".utf8)).contains("P2 is no binary PGM"))
        #expect(text("b", Array("P5\n3 2\n65535\n".utf8)).contains("65535 instead of 255"))
        #expect(text("c", Array("P5\n3 2".utf8)).contains("its header ends early"))
        #expect(text("d", one.dropLast()).contains("truncated"))
        #expect(text("e", one + [7]).contains("no image begins here"))
        #expect(text("f", [0x89] + Array("PNG\r\n".utf8)).contains("a PNG image"))
        #expect(text("g", []).contains("holds no samples"))
    }

    @Test("a file without read permission is unreadable", .enabled(if: getuid() != 0, "root reads every file"))
    func noPermission() throws {
        try folder.write("train-images-idx3-ubyte", Self.images)
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: imagesPath)
        #expect(throws: DataError.unreadable(path: imagesPath, operation: "open", reason: "Permission denied")) {
            try open(images: nil)
        }
    }
}
