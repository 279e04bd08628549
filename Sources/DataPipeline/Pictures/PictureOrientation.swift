import Kernels

/// How a camera was held: what is done to the pixels of a file so that the picture is upright (Exif 2.32, tag 274).
enum PictureOrientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored, halfTurn, upsideDown, transposed, clockwise, transverse, counterClockwise

    /// Whether rows become columns.
    var swapsSides: Bool { rawValue >= 5 }

    /// Where pixels are taken from, of a file of `height` rows of `width`.
    func walk(height: Int, width: Int) -> PixelWalk {
        let (right, bottom) = (width - 1, (height - 1) * width)
        return switch self {
        case .upright: PixelWalk(first: 0, down: width, across: 1)
        case .mirrored: PixelWalk(first: right, down: width, across: -1)
        case .halfTurn: PixelWalk(first: bottom + right, down: -width, across: -1)
        case .upsideDown: PixelWalk(first: bottom, down: -width, across: 1)
        case .transposed: PixelWalk(first: 0, down: 1, across: width)
        case .clockwise: PixelWalk(first: bottom, down: 1, across: -width)
        case .transverse: PixelWalk(first: bottom + right, down: -1, across: -width)
        case .counterClockwise: PixelWalk(first: right, down: -1, across: width)
        }
    }
}

extension PictureOrientation {
    private static let tag = 0x0112
    private enum Kind { static let (byte, short, long) = (1, 3, 4) }

    /// Reads the tag of Exif data, the bytes of a TIFF file; upright where it is absent or anything is wrong.
    init(exif bytes: UnsafeRawBufferPointer) {
        self = PictureOrientation.find(bytes) ?? .upright
    }

    private static func find(_ bytes: UnsafeRawBufferPointer) -> PictureOrientation? {
        guard bytes.count >= 8 else { return nil }
        let isLittle: Bool
        switch (bytes[0], bytes[1]) {
        case (UInt8(ascii: "I"), UInt8(ascii: "I")): isLittle = true
        case (UInt8(ascii: "M"), UInt8(ascii: "M")): isLittle = false
        default: return nil
        }
        func number(_ offset: Int, bytes count: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - count else { return nil }
            let places = isLittle ? Array((0..<count).reversed()) : Array(0..<count)
            return places.reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        guard number(2, bytes: 2) == 42, let directory = number(4, bytes: 4),
            let count = number(directory, bytes: 2)
        else { return nil }
        for index in 0..<count {
            let entry = directory + 2 + 12 * index
            guard let name = number(entry, bytes: 2), let kind = number(entry + 2, bytes: 2) else { return nil }
            if name != tag { continue }
            guard number(entry + 4, bytes: 4) == 1 else { return nil }
            let value =
                switch kind {
                case Kind.byte: number(entry + 8, bytes: 1)
                case Kind.short: number(entry + 8, bytes: 2)
                case Kind.long: number(entry + 8, bytes: 4)
                default: nil as Int?
                }
            return value.flatMap(PictureOrientation.init(rawValue:))
        }
        return nil
    }

    /// Reads the tag in the chunk eXIf of a PNG file, wherever it stands.
    init(png bytes: UnsafeRawBufferPointer) {
        var offset = 8  // the signature
        while offset <= bytes.count - 12 {
            let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            if length > bytes.count - offset - 12 { break }
            if bytes[offset + 4..<offset + 8].elementsEqual("eXIf".utf8) {
                self.init(exif: UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<offset + 8 + length]))
                return
            }
            offset += 12 + length
        }
        self = .upright
    }
}
