import Foundation

/// Pictures one after the other in a PNG file (APNG, W3C PNG third edition, section 11.3.4): programs that do not know
/// of it show the first.
enum AnimatedPNG {
    /// The bytes of the file, which begins anew after its last frame.
    ///
    /// - Parameter frames: [height, width, channels] each.
    /// - Throws: ``ReportingError`` with libpng's reason.
    static func bytes(
        _ frames: [[UInt8]], height: Int, width: Int, channels: Int, secondsPerFrame: Double
    ) throws -> Data {
        var result = Data()
        var sequence: UInt32 = 0
        for (index, frame) in frames.enumerated() {
            let chunks = chunks(of: try PNGFile.bytes(frame, height: height, width: width, channels: channels))
            if index == 0 {
                result += signature
                for chunk in chunks where chunk.type != "IDAT" && chunk.type != "IEND" { result += written(chunk) }
                result += written(("acTL", bigEndian(UInt32(frames.count)) + bigEndian(UInt32(0))))
            }
            result += written(("fcTL", control(sequence, height, width, secondsPerFrame)))
            sequence += 1
            for chunk in chunks where chunk.type == "IDAT" {
                if index == 0 {
                    result += written(chunk)
                } else {
                    result += written(("fdAT", bigEndian(sequence) + chunk.data))
                    sequence += 1
                }
            }
        }
        return result + written(("IEND", Data()))
    }

    private static let signature = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    private typealias Chunk = (type: String, data: Data)

    /// Where a frame stands and how long it is seen, in milliseconds; each takes the place of the one before.
    private static func control(_ sequence: UInt32, _ height: Int, _ width: Int, _ seconds: Double) -> Data {
        let milliseconds = UInt16(min(max(seconds * 1000, 1), 65_535))
        return bigEndian(sequence) + bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + bigEndian(UInt32(0))
            + bigEndian(UInt32(0)) + bigEndian(milliseconds) + bigEndian(UInt16(1000)) + Data([0, 0])
    }

    private static func chunks(of file: Data) -> [Chunk] {
        let bytes = [UInt8](file)
        var place = signature.count
        var result: [Chunk] = []
        while place + 12 <= bytes.count {
            let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let type = String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)
            result.append((type, Data(bytes[place + 8..<place + 8 + length])))
            place += 12 + length
        }
        return result
    }

    private static func written(_ chunk: Chunk) -> Data {
        let body = Data(chunk.type.utf8) + chunk.data
        return bigEndian(UInt32(chunk.data.count)) + body + bigEndian(checksum(body))
    }

    private static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> Data {
        withUnsafeBytes(of: number.bigEndian) { Data($0) }
    }

    /// CRC-32 (PNG, annex D).
    private static func checksum(_ data: Data) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in data { crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
}
