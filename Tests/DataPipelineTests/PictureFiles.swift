import CPictureEncoding
import CZlib
import DataPipeline
import Foundation

/// A picture as samples, from which files are made.
struct DrawnPicture {
    let height: Int
    let width: Int
    let channels: Int
    /// [height, width, channels]
    var samples: [UInt16]

    /// Slow waves, other ones in each channel, of values up to `largest`.
    static func waves(_ height: Int, _ width: Int, _ channels: Int, largest: Int = 255) -> DrawnPicture {
        var samples: [UInt16] = []
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<channels {
                    let angle = 0.09 * Double((channel + 1) * y) + 0.05 * Double((3 - channel) * x) + Double(channel)
                    samples.append(UInt16((0.5 + 0.49 * sin(angle)) * Double(largest)))
                }
            }
        }
        return DrawnPicture(height: height, width: width, channels: channels, samples: samples)
    }

    /// Every value that `largest` allows, mixed up.
    static func noise(_ height: Int, _ width: Int, _ channels: Int, largest: Int) -> DrawnPicture {
        let samples = (0..<height * width * channels).map { index in
            UInt16(truncatingIfNeeded: (UInt64(index) &* 2_654_435_761 >> 7) % UInt64(largest + 1))
        }
        return DrawnPicture(height: height, width: width, channels: channels, samples: samples)
    }

    subscript(row: Int, column: Int, channel: Int) -> Int {
        Int(samples[(row * width + column) * channels + channel])
    }

    // MARK: Files

    struct Failure: Error {}

    /// The bytes of a JPEG file.
    ///
    /// - Parameter app1: the contents of a segment, such as ``exif(_:isLittle:)`` behind its name.
    func jpeg(
        _ colours: encode_colours = ENCODE_YCC, quality: Int = 100, sampling: (across: Int, down: Int) = (1, 1),
        isProgressive: Bool = false, isArithmetic: Bool = false, restart: Int = 0, app1: [UInt8]? = nil
    ) throws -> [UInt8] {
        let bytes = samples.map { UInt8($0) }
        return try (app1 ?? []).withUnsafeBufferPointer { segment in
            let settings = encode_jpeg_settings(
                colours: colours, quality: Int32(quality), across: Int32(sampling.across), down: Int32(sampling.down),
                is_progressive: isProgressive ? 1 : 0, is_arithmetic: isArithmetic ? 1 : 0, restart: Int32(restart),
                app1: app1 == nil ? nil : segment.baseAddress, app1_count: segment.count)
            var count = 0
            return try DrawnPicture.taken(encode_jpeg(bytes, UInt32(height), UInt32(width), settings, &count), count)
        }
    }

    /// The bytes of a PNG file of PNG's colour type and bits a sample.
    func png(
        type: Int, bits: Int = 8, isInterlaced: Bool = false, palette: [UInt8] = [], transparent: [UInt16] = []
    ) throws -> [UInt8] {
        let (rows, rowBytes) = packed(bits)
        return try palette.withUnsafeBufferPointer { colours in
            try transparent.withUnsafeBufferPointer { opacity in
                let settings = encode_png_settings(
                    colour_type: Int32(type), bit_depth: Int32(bits), is_interlaced: isInterlaced ? 1 : 0,
                    palette: palette.isEmpty ? nil : colours.baseAddress, palette_count: Int32(palette.count / 3),
                    transparent: transparent.isEmpty ? nil : opacity.baseAddress,
                    transparent_count: Int32(transparent.count))
                var count = 0
                return try DrawnPicture.taken(
                    encode_png(rows, rowBytes, UInt32(height), UInt32(width), settings, &count), count)
            }
        }
    }

    private func packed(_ bits: Int) -> (rows: [UInt8], rowBytes: Int) {
        let rowBytes = (width * channels * bits + 7) / 8
        var rows = [UInt8](repeating: 0, count: rowBytes * height)
        for y in 0..<height {
            for index in 0..<width * channels {
                let sample = samples[y * width * channels + index]
                if bits == 16 {
                    rows[y * rowBytes + 2 * index] = UInt8(sample >> 8)
                    rows[y * rowBytes + 2 * index + 1] = UInt8(sample & 255)
                } else {
                    let bit = index * bits
                    rows[y * rowBytes + bit / 8] |= UInt8(sample) << UInt8(8 - bits - bit % 8)
                }
            }
        }
        return (rows, rowBytes)
    }

    private static func taken(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) throws -> [UInt8] {
        guard let bytes else { throw Failure() }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}

/// Parts of picture files.
enum PictureFiles {
    /// Exif data of one entry, of a tag and a value of two bytes unless told otherwise.
    static func exif(
        _ value: Int, isLittle: Bool = true, tag: Int = 0x0112, type: Int = 3, count: Int = 1
    ) -> [UInt8] {
        func number(_ value: Int, _ bytes: Int) -> [UInt8] {
            let places = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return isLittle ? places : places.reversed()
        }
        let width = [1: 1, 3: 2, 4: 4][type] ?? 2
        return (isLittle ? Array("II".utf8) : Array("MM".utf8)) + number(42, 2) + number(8, 4) + number(2, 2)
            + number(0x010F, 2) + number(2, 2) + number(3, 4) + [65, 65, 0, 0]  // the maker, AA
            + number(tag, 2) + number(type, 2) + number(count, 4) + number(value, width)
            + [UInt8](repeating: 0, count: 4 - width) + number(0, 4)
    }

    static let exifName = Array("Exif\0\0".utf8)

    static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + data
        let checksum = crc32(0, named, uInt(named.count))
        return bigEndian(data.count) + named + bigEndian(Int(checksum))
    }

    /// A PNG file with a chunk behind its header, or before its end.
    static func inserting(_ chunk: [UInt8], into png: [UInt8], isLast: Bool) -> [UInt8] {
        let place = isLast ? png.count - 12 : 33
        return Array(png[..<place]) + chunk + Array(png[place...])
    }

    /// A PNG file whose header says other things.
    static func header(of png: [UInt8], height: Int, width: Int) -> [UInt8] {
        let data = bigEndian(width) + bigEndian(height) + Array(png[24..<29])
        return Array(png[..<8]) + chunk("IHDR", data) + Array(png[33...])
    }

    static func bigEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    /// Where a JPEG's first marker of a kind begins.
    static func marker(_ code: UInt8, in jpeg: [UInt8]) -> Int? {
        jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == code }
    }
}

extension PictureDecoder {
    func decode(_ bytes: [UInt8], channels: Int = 3) throws(PictureProblem) -> Picture {
        try bytes.withUnsafeBytes { raw in
            Result { () throws(PictureProblem) in try decode(raw, channels: channels) }
        }.get()
    }

    func header(_ bytes: [UInt8]) throws(PictureProblem) -> PictureHeader {
        try bytes.withUnsafeBytes { raw in
            Result { () throws(PictureProblem) in try header(of: raw) }
        }.get()
    }

    /// What is wrong with a file; nil where it can be decoded.
    func problem(_ bytes: [UInt8], channels: Int = 3) -> PictureProblem? {
        do throws(PictureProblem) {
            _ = try decode(bytes, channels: channels)
            return nil
        } catch {
            return error
        }
    }
}

extension Picture {
    /// All samples on the scale 0…255.
    var values: [Float] {
        (0..<height * width * channels).map { index in
            value(row: index / (width * channels), column: index / channels % width, channel: index % channels)
        }
    }
}

/// The largest difference between two lists of as many values.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).map { ($0 - $1).magnitude }.max() ?? 0 : .infinity
}
