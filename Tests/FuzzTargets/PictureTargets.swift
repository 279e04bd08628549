import CPictureEncoding
import DataPipeline
import Glibc
import TensorCore

extension FuzzTarget {
    /// A JPEG file, in how many channels it is wanted by the lowest bit of its length.
    static let jpeg = FuzzTarget(
        "jpeg", longest: 2048, seeds: { Seeds.jpegs },
        words: {
            ["\u{FF}\u{C0}", "\u{FF}\u{C2}", "\u{FF}\u{C4}", "\u{FF}\u{DA}", "\u{FF}\u{DD}", "Exif\0\0", "Adobe"]
        }, read: decode)

    /// A PNG file, likewise. Wrong sums end the reading early: most of what is found lies in the order of the chunks.
    static let png = FuzzTarget(
        "png", longest: 2048, seeds: { Seeds.pngs },
        words: { ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "eXIf", "gAMA", "iCCP", "acTL"] }, read: decode)

    /// A shard: a tar archive of pictures with their classes.
    static let shards = FuzzTarget(
        "shards", longest: 8192, seeds: { Seeds.shards },
        words: { ["ustar\u{0}00", "ustar  \u{0}", ".jpg", ".png", ".cls", "path=", "../", "GNU.sparse.size="] }
    ) { input in
        let path = ScratchFolder.write(input, to: "shard-0.tar")
        let images = Images(height: 4, width: 4, test: 0.5, order: .shards, statistics: 4)
        for split in [DatasetSplit.train, .test] { try use(try images.open(split, path: path, imports: [:])) }
    }

    /// Pixels that an input may claim to have; a picture of more only takes longer.
    private static let mostPixels = 1 << 14

    @Sendable
    private static func decode(_ input: UnsafeRawBufferPointer) throws {
        let decoder = PictureDecoder()
        let header = try decoder.header(of: input)
        precondition(header.height > 0 && header.width > 0, "a picture of \(header.height)×\(header.width)")
        guard header.height * header.width <= mostPixels else { throw TooLarge() }
        let channels = input.count % 2 == 0 ? 1 : 3
        // The second picture reuses the decoder, maybe after an error.
        let first = Result { try decoder.decode(input, channels: channels) }
        let again = Result { try decoder.decode(input, channels: channels) }
        switch (first, again) {
        case (.success(let picture), .success):
            precondition(
                picture.height == header.height && picture.width == header.width && picture.channels == channels,
                "a picture of other extents than its header's")
        case (.failure(let error), .failure): throw error
        default: preconditionFailure("a picture can be decoded in one of two attempts only")
        }
    }

    private struct TooLarge: Error {}
}

extension Seeds {
    private static func samples(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 * 41 % 256) } }

    private static func taken(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> [UInt8] {
        guard let bytes else { preconditionFailure("Seeds: a picture cannot be written") }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// A picture of 9×7; `kind` says of what colours.
    private static func jpeg(
        _ colours: encode_colours, components: Int, progressive: Bool = false, arithmetic: Bool = false,
        sampling: Int32 = 1, restart: Int32 = 0, exif: [UInt8] = []
    ) -> [UInt8] {
        exif.withUnsafeBufferPointer { segment in
            let settings = encode_jpeg_settings(
                colours: colours, quality: 60, across: sampling, down: sampling, is_progressive: progressive ? 1 : 0,
                is_arithmetic: arithmetic ? 1 : 0, restart: restart, app1: exif.isEmpty ? nil : segment.baseAddress,
                app1_count: exif.count)
            var count = 0
            return taken(encode_jpeg(samples(9 * 7 * components), 9, 7, settings, &count), count)
        }
    }

    private static func png(type: Int32, bits: Int32, rowBytes: Int, interlaced: Bool = false, alpha: [UInt16] = [])
        -> [UInt8]
    {
        let palette: [UInt8] = type == 3 ? samples(12) : []
        return palette.withUnsafeBufferPointer { colours in
            alpha.withUnsafeBufferPointer { opacity in
                let settings = encode_png_settings(
                    colour_type: type, bit_depth: bits, is_interlaced: interlaced ? 1 : 0,
                    palette: palette.isEmpty ? nil : colours.baseAddress, palette_count: Int32(palette.count / 3),
                    transparent: alpha.isEmpty ? nil : opacity.baseAddress, transparent_count: Int32(alpha.count))
                var count = 0
                return taken(encode_png(samples(rowBytes * 5), rowBytes, 5, 4, settings, &count), count)
            }
        }
    }

    /// One entry, Orientation, of value 6 (TIFF 6.0 as in Exif 2.3).
    private static let orientation: [UInt8] =
        Array("Exif\0\0II*\0".utf8) + [8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]

    static var jpegs: [[UInt8]] {
        [
            jpeg(ENCODE_GREY, components: 1), jpeg(ENCODE_YCC, components: 3, sampling: 2, exif: orientation),
            jpeg(ENCODE_YCC, components: 3, progressive: true), jpeg(ENCODE_RGB, components: 3, restart: 1),
            jpeg(ENCODE_CMYK, components: 4), jpeg(ENCODE_YCCK, components: 4, progressive: true),
            jpeg(ENCODE_YCC, components: 3, arithmetic: true),
        ]
    }

    static var pngs: [[UInt8]] {
        [
            png(type: 0, bits: 1, rowBytes: 1), png(type: 0, bits: 16, rowBytes: 8, alpha: [7]),
            png(type: 2, bits: 8, rowBytes: 12, interlaced: true), png(type: 2, bits: 16, rowBytes: 24),
            png(type: 3, bits: 2, rowBytes: 1, alpha: [0, 255]), png(type: 4, bits: 8, rowBytes: 8),
            png(type: 6, bits: 8, rowBytes: 16, interlaced: true),
        ]
    }

    static var shards: [[UInt8]] {
        let (grey, colour) = (jpeg(ENCODE_GREY, components: 1), png(type: 2, bits: 8, rowBytes: 12))
        let sets: [[(String, [UInt8])]] = [
            [("1.jpg", grey), ("1.cls", [48]), ("2.png", colour), ("2.cls", [49, 10])],
            [("ant/1.jpg", grey), ("bee/1.png", colour), ("bee/2.png", colour), ("notes.txt", [65])],
            [("./a.png", colour), ("./a.seg.png", colour), ("./a.cls", [97]), ("./b.png", colour), ("./b.cls", [98])],
        ]
        return sets.map { files in files.flatMap { tarred($0.0, $0.1) } + tarEnd }
    }
}
