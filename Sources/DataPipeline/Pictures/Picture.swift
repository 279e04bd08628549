import Glibc

/// What the header of a picture file says.
package struct PictureHeader: Equatable, Sendable {
    /// What picture files can be.
    package enum Format: String, Sendable {
        case jpeg = "JPEG"
        case png = "PNG"
    }

    package let format: Format
    /// Pixels of the upright picture.
    package let height: Int
    package let width: Int
    /// 1 for grey, 3 for colour, a palette included; opacity does not count.
    package let channels: Int
    /// 8, or 16 where a sample has as many.
    package let bitsPerSample: Int
    /// How the picture is turned after decoding.
    let orientation: PictureOrientation

    /// Pixels in a row as they lie in the file.
    var storedWidth: Int { orientation.swapsSides ? height : width }
}

/// The pixels of a decoded picture, upright: [height, width, channels], 1 channel of grey or 3 of RGB, of 8 or 16 bits.
package struct Picture {
    package let height: Int
    package let width: Int
    package let channels: Int
    /// 8, or 16 in the machine's order of bytes.
    package let bitsPerSample: Int
    private let memory: PictureMemory

    init(height: Int, width: Int, channels: Int, bitsPerSample: Int, memory: PictureMemory) {
        self.height = height
        self.width = width
        self.channels = channels
        self.bitsPerSample = bitsPerSample
        self.memory = memory
    }

    /// Bytes of its pixels.
    package var byteCount: Int { height * width * channels * (bitsPerSample / 8) }

    /// Calls `body` with the pixels in row-major order.
    package func withUnsafeBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: memory.bytes[..<byteCount]))
    }

    /// The value of a sample on the scale 0…255; a sample of 16 bits keeps its precision.
    package func value(row: Int, column: Int, channel: Int) -> Float {
        precondition(
            row >= 0 && row < height && column >= 0 && column < width && channel >= 0 && channel < channels,
            "Picture: no sample (\(row), \(column), \(channel)) in [\(height), \(width), \(channels)]")
        let index = (row * width + column) * channels + channel
        return withUnsafeBytes { bytes in
            bitsPerSample == 8
                ? Float(bytes[index]) : Float(bytes.load(fromByteOffset: 2 * index, as: UInt16.self)) / 257
        }
    }
}

/// Memory of one picture.
final class PictureMemory {
    let bytes: UnsafeMutableRawBufferPointer

    /// Nil where there is not so much.
    init?(byteCount: Int) {
        guard let base = malloc(max(byteCount, 1)) else { return nil }
        bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }

    deinit { free(bytes.baseAddress) }

    /// Whether it can hold a picture of `byteCount` bytes and is not so large that it had better be given back.
    func suits(_ byteCount: Int) -> Bool {
        bytes.count >= byteCount && (bytes.count <= PictureMemory.keptBytes || bytes.count / 4 <= byteCount)
    }

    /// Memory that is kept whatever the next picture needs.
    private static let keptBytes = 1 << 25
}
