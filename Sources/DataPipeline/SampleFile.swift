import TensorCore

/// Images without labels from one file, which may be packed: an IDX image file, CIFAR records, or netpbm images one
/// after another (PGM P5, PPM P6).
package struct SampleFile {
    /// How many samples the file holds.
    package let count: Int
    private let bytes: SharedBytes
    /// Where the pixels of each sample begin.
    private let starts: Starts
    private let shape: Shape
    private let isPlanar: Bool

    private enum Starts {
        case regular(first: Int, stride: Int)
        case each([Int])
    }

    /// - Parameters:
    ///   - shape: of one sample, [H, W, C].
    ///   - labelBytes: that stand before a record's pixels.
    /// - Throws: `DataError` when the file is not there, not of a known kind, or holds images of another size.
    package init(_ path: String, shape: Shape, labelBytes: Int = 1) throws(DataError) {
        let packing = SharedBytes.packings.first { path.hasSuffix($0) }
        bytes = packing == nil ? try SharedBytes.open(path, expected: [path]) : try SharedBytes(unpacking: path)
        self.shape = shape
        if bytes.count == 0 { throw .emptyFile(path: path) }
        let head = bytes.withUnsafeBytes { Array($0.prefix(16)) }
        isPlanar = path.dropLast(packing?.count ?? 0).hasSuffix(".bin")
        if isPlanar {
            let stride = labelBytes + shape.count
            guard bytes.count % stride == 0 else {
                throw .truncated(path: path, expected: (bytes.count / stride + 1) * stride, actual: bytes.count)
            }
            starts = .regular(first: labelBytes, stride: stride)
            count = bytes.count / stride
        } else if NetpbmImage.begins(head) {
            let images = try NetpbmImage.all(in: bytes, path: path)
            if let other = images.first(where: { $0.extents != shape.dimensions }) {
                throw .imageSize(path: path, expected: shape.dimensions, actual: other.extents)
            }
            starts = .each(images.map(\.offset))
            count = images.count
        } else {
            count = try SampleFile.checkIDX(bytes, head, path: path, shape: shape)
            starts = .regular(first: 16, stride: shape.count)
        }
    }

    /// The number of images of an IDX file of images of the right size.
    private static func checkIDX(
        _ bytes: SharedBytes, _ head: [UInt8], path: String, shape: Shape
    ) throws(DataError) -> Int {
        func word(_ index: Int) -> Int {
            head.count >= 4 * index + 4 ? head[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | Int($1) } : 0
        }
        guard word(0) == 2051 else { throw .notImages(path: path, found: ImageKind(head)?.rawValue) }
        let extents = [word(2), word(3), 1]
        guard extents == shape.dimensions else {
            throw .imageSize(path: path, expected: shape.dimensions, actual: extents)
        }
        let end = 16 + word(1) * shape.count
        guard bytes.count >= end else { throw .truncated(path: path, expected: end, actual: bytes.count) }
        return word(1)
    }

    /// The pixels of sample `index` in [H, W, C] order.
    package func pixels(_ index: Int) -> [UInt8] {
        bytes.withUnsafeBytes { raw in
            let start =
                switch starts {
                case .regular(let first, let stride): first + index * stride
                case .each(let starts): starts[index]
                }
            let area = shape[0] * shape[1]
            let channels = shape[2]
            guard isPlanar else { return Array(raw[start..<start + shape.count]) }
            return (0..<shape.count).map { raw[start + $0 % channels * area + $0 / channels] }
        }
    }
}

/// Files of images that can't be read here, by their first bytes.
private enum ImageKind: String {
    case png = "a PNG image"
    case jpeg = "a JPEG image"
    case gif = "a GIF image"
    case tiff = "a TIFF image"
    case bmp = "a BMP image"
    case webp = "a WebP image"
    case gzip = "a packed file; its name must end with .gz"
    case labels = "an IDX file of labels"

    init?(_ head: [UInt8]) {
        func begins(_ bytes: [UInt8]) -> Bool { head.starts(with: bytes) }
        if begins([0x89] + Array("PNG".utf8)) {
            self = .png
        } else if begins([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if begins(Array("GIF8".utf8)) {
            self = .gif
        } else if begins(Array("II*\0".utf8)) || begins(Array("MM\0*".utf8)) {
            self = .tiff
        } else if begins(Array("BM".utf8)) {
            self = .bmp
        } else if begins(Array("RIFF".utf8)) && head.dropFirst(8).starts(with: Array("WEBP".utf8)) {
            self = .webp
        } else if begins([0x1F, 0x8B]) {
            self = .gzip
        } else if begins([0, 0, 8, 1]) {
            self = .labels
        } else {
            return nil
        }
    }
}

/// One binary PGM or PPM image with 8 bits a value, in a file of several (netpbm.sourceforge.net, pgm and ppm).
private struct NetpbmImage {
    let extents: [Int]
    /// Where its pixels begin.
    let offset: Int

    /// Whether bytes are the beginning of an image of the netpbm formats, P1 to P7.
    static func begins(_ head: [UInt8]) -> Bool {
        head.count > 2 && head[0] == UInt8(ascii: "P") && (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(head[1])
            && isSpace(head[2])
    }

    /// All images of a file, one behind the other.
    static func all(in bytes: SharedBytes, path: String) throws(DataError) -> [NetpbmImage] {
        var images: [NetpbmImage] = []
        var offset = 0
        while offset < bytes.count {
            // Some programs end a file with a line break.
            if !images.isEmpty, isSpace(bytes[offset]) {
                offset += 1
                continue
            }
            let image = try NetpbmImage(bytes, at: offset, path: path)
            offset = image.offset + image.extents.reduce(1, *)
            guard offset <= bytes.count else { throw .truncated(path: path, expected: offset, actual: bytes.count) }
            images.append(image)
        }
        return images
    }

    private init(_ bytes: SharedBytes, at start: Int, path: String) throws(DataError) {
        guard start + 2 < bytes.count, bytes[start] == UInt8(ascii: "P"),
            bytes[start + 1] == UInt8(ascii: "5") || bytes[start + 1] == UInt8(ascii: "6"),
            NetpbmImage.isSpace(bytes[start + 2])
        else {
            let isOther = start + 1 < bytes.count && bytes[start] == UInt8(ascii: "P")
            throw .netpbm(
                path: path, offset: start,
                problem: isOther
                    ? "P\(Character(Unicode.Scalar(bytes[start + 1]))) is no binary PGM (P5) or PPM (P6)"
                    : "no image begins here")
        }
        var numbers: [Int] = []
        var index = start + 2
        while numbers.count < 3, index < bytes.count {
            if bytes[index] == UInt8(ascii: "#") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            } else if NetpbmImage.isDigit(bytes[index]) {
                var number = 0
                while index < bytes.count, NetpbmImage.isDigit(bytes[index]) {
                    number = min(number * 10 + Int(bytes[index] - UInt8(ascii: "0")), 1 << 20)  // no image is as large
                    index += 1
                }
                numbers.append(number)
            } else if NetpbmImage.isSpace(bytes[index]) {
                index += 1
            } else {
                throw .netpbm(path: path, offset: index, problem: "its header holds something else than numbers")
            }
        }
        guard numbers.count == 3 else { throw .netpbm(path: path, offset: index, problem: "its header ends early") }
        guard numbers[2] == 255 else {
            throw .netpbm(path: path, offset: start, problem: "its largest value is \(numbers[2]) instead of 255")
        }
        extents = [numbers[1], numbers[0], bytes[start + 1] == UInt8(ascii: "5") ? 1 : 3]
        offset = index + 1
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
