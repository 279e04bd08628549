/// The bytes of a PNG picture (PNG 1.2) with 8 bits a sample, not compressed.
///
/// - Parameters:
///   - channels: 1 for grey, 3 for RGB.
///   - sample: of (row, column, channel).
package func pngBytes(
    height: Int, width: Int, channels: Int = 1, _ sample: (Int, Int, Int) -> UInt8
) -> [UInt8] {
    var rows: [UInt8] = []
    for y in 0..<height {
        rows.append(0)  // not filtered
        for x in 0..<width { for channel in 0..<channels { rows.append(sample(y, x, channel)) } }
    }
    precondition(rows.count < 1 << 16, "pngBytes: \(rows.count) bytes are more than one stored block holds")
    func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in Array(name.utf8) + data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return bigEndian(UInt32(data.count)) + Array(name.utf8) + data + bigEndian(~crc)
    }
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in rows {
        a = (a + UInt32(byte)) % 65521
        b = (b + a) % 65521
    }
    let count = UInt16(rows.count)
    let header = [0x78, 0x01, 0x01, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        + chunk("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, channels == 1 ? 0 : 2, 0, 0, 0])
        + chunk("IDAT", header + rows + bigEndian(b << 16 | a)) + chunk("IEND", [])
}

/// A tar archive, byte by byte (POSIX.1-1988, ustar).
package struct TarFile {
    package private(set) var bytes: [UInt8] = []
    /// Where the header of each file begins.
    package private(set) var headers: [Int] = []

    package init() {}

    package mutating func add(_ name: String, _ content: [UInt8], type: Character = "0", link: String = "") {
        headers.append(bytes.count)
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            for (place, byte) in text.utf8.enumerated() { header[offset + place] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, 0)
        put(octal(0o644, 7), 100)
        put(octal(content.count, 11), 124)
        put(octal(0, 11), 136)
        put("        ", 148)
        put(String(type), 156)
        put(link, 157)
        put("ustar\u{0}00", 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", 148)
        bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// With the two empty blocks at the end.
    package var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
