import TensorCore

/// Images without labels from one file: an IDX image file, CIFAR-10 records, or one netpbm image (PGM P5, PPM P6).
package struct SampleFile {
    /// How many samples the file holds.
    package let count: Int
    private let bytes: SharedBytes
    private let first: Int
    private let stride: Int
    private let shape: Shape
    private let isPlanar: Bool

    /// - Parameter shape: of one sample, [H, W, C].
    /// - Throws: `DataError` when the file is not there, not of a known kind, or holds images of another size.
    package init(_ path: String, shape: Shape) throws(DataError) {
        bytes = path.hasSuffix(".gz") ? try SharedBytes(unpacking: path) : try SharedBytes.open(path, expected: [path])
        self.shape = shape
        let head = bytes.withUnsafeBytes { Array($0.prefix(64)) }
        if path.hasSuffix(".bin") {
            (first, stride, isPlanar) = (1, 1 + shape.count, true)
            guard bytes.count % stride == 0 else {
                throw .truncated(path: path, expected: (bytes.count / stride + 1) * stride, actual: bytes.count)
            }
            count = bytes.count / stride
        } else if let image = NetpbmHeader(head) {
            guard image.extents == shape.dimensions else {
                throw .imageSize(path: path, expected: shape.dimensions, actual: image.extents)
            }
            (first, stride, isPlanar, count) = (image.offset, shape.count, false, 1)
        } else {
            func word(_ index: Int) -> Int {
                head.count >= 4 * index + 4 ? head[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | Int($1) } : 0
            }
            guard word(0) == 2051 else {
                throw .wrongMagic(path: path, expected: 2051, actual: UInt32(truncatingIfNeeded: word(0)))
            }
            let extents = [word(2), word(3), 1]
            guard extents == shape.dimensions else {
                throw .imageSize(path: path, expected: shape.dimensions, actual: extents)
            }
            (first, stride, isPlanar, count) = (16, shape.count, false, word(1))
        }
        let end = count == 0 ? first : first + (count - 1) * stride + shape.count
        guard bytes.count >= end else { throw .truncated(path: path, expected: end, actual: bytes.count) }
    }

    /// The pixels of sample `index` in [H, W, C] order.
    package func pixels(_ index: Int) -> [UInt8] {
        bytes.withUnsafeBytes { raw in
            let start = first + index * stride
            let area = shape[0] * shape[1]
            let channels = shape[2]
            guard isPlanar else { return Array(raw[start..<start + shape.count]) }
            return (0..<shape.count).map { raw[start + $0 % channels * area + $0 / channels] }
        }
    }
}

/// The header of a binary PGM or PPM image with 8 bits a value.
private struct NetpbmHeader {
    let extents: [Int]
    let offset: Int

    init?(_ head: [UInt8]) {
        guard head.count > 8, head[0] == UInt8(ascii: "P"), head[1] == UInt8(ascii: "5") || head[1] == UInt8(ascii: "6")
        else { return nil }
        var numbers: [Int] = []
        var index = 2
        while numbers.count < 3, index < head.count {
            if head[index] == UInt8(ascii: "#") {
                while index < head.count, head[index] != 10 { index += 1 }
            } else if head[index] >= 48, head[index] <= 57 {
                var number = 0
                while index < head.count, head[index] >= 48, head[index] <= 57 {
                    number = min(number * 10 + Int(head[index] - 48), Int(Int32.max))  // a size that no image has
                    index += 1
                }
                numbers.append(number)
            } else {
                index += 1
            }
        }
        guard numbers.count == 3, numbers[2] == 255 else { return nil }
        extents = [numbers[1], numbers[0], head[1] == UInt8(ascii: "5") ? 1 : 3]
        offset = index + 1
    }
}
