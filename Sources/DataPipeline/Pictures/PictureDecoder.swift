import CPictures
import Kernels

/// Decodes one JPEG or PNG picture after another, on one thread at a time; it keeps its memory from picture to picture.
///
/// Pixels are those of Pillow's `convert('RGB')` or `convert('L')` within 1. What is transparent is laid over white.
/// The camera's orientation in Exif data is applied; Exif data that make no sense count as none. Colour profiles and
/// gamma are not applied.
package final class PictureDecoder {
    private let jpeg: OpaquePointer
    private let png: OpaquePointer
    /// As the file has the pixels, and upright.
    private var (stored, turned): (PictureMemory?, PictureMemory?)

    /// Pixels that a picture may have.
    package static let mostPixels = 1 << 28
    /// JPEG files may take the work of so many pixels, those of each scan counted.
    private static let mostPixelsOfScans = 1 << 32
    private static let mostScans = 256

    package init() {
        guard let jpeg = pictures_jpeg_create(), let png = pictures_png_create() else {
            preconditionFailure("PictureDecoder: no memory for a decoder")
        }
        (self.jpeg, self.png) = (jpeg, png)
    }

    deinit {
        pictures_jpeg_destroy(jpeg)
        pictures_png_destroy(png)
    }

    /// What files of pictures end in, in lower case.
    package static let extensions = ["jpg", "jpeg", "jpe", "png"]

    /// What a file is, by its first bytes; nil for what is not decoded here.
    package static func format(of file: UnsafeRawBufferPointer) -> PictureHeader.Format? {
        if file.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        return nil
    }

    /// Extents and kind of a picture, without decoding it.
    package func header(of file: UnsafeRawBufferPointer) throws(PictureProblem) -> PictureHeader {
        guard let base = file.baseAddress, !file.isEmpty else { throw .empty }
        guard let format = PictureDecoder.format(of: file) else { throw .unknownFormat }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        var found = pictures_header()
        let orientation: PictureOrientation
        switch format {
        case .jpeg:
            try check(pictures_jpeg_open(jpeg, bytes, file.count, &found), found, format)
            orientation = PictureOrientation(exif: UnsafeRawBufferPointer(start: found.exif, count: found.exif_count))
        case .png:
            try check(pictures_png_open(png, bytes, file.count, &found), found, format)
            orientation = PictureOrientation(png: file)
        }
        let (rows, columns) = (Int(found.height), Int(found.width))
        if rows.multipliedReportingOverflow(by: columns).partialValue > PictureDecoder.mostPixels {
            throw .tooLarge(height: rows, width: columns, limit: PictureDecoder.mostPixels)
        }
        if found.least_bytes > UInt64(file.count) { throw .cutShort }
        return PictureHeader(
            format: format, height: orientation.swapsSides ? columns : rows,
            width: orientation.swapsSides ? rows : columns, channels: Int(found.channels),
            bitsPerSample: Int(found.bits), orientation: orientation)
    }

    /// The pixels of a picture.
    ///
    /// The memory of the last picture is used again, unless that picture is still held somewhere.
    ///
    /// - Parameter channels: 1 for grey, 3 for RGB.
    package func decode(_ file: UnsafeRawBufferPointer, channels: Int) throws(PictureProblem) -> Picture {
        precondition(channels == 1 || channels == 3, "PictureDecoder: \(channels) channels, 1 and 3 can be had")
        return try decode(file, channels: channels, areNumbers: false)
    }

    /// The numbers of a mask: one of a pixel, as the file has it; of a palette the place in it. One channel, 8 bits.
    ///
    /// - Throws: `PictureProblem` also for what is no PNG of one number a pixel.
    package func decodeMask(_ file: UnsafeRawBufferPointer) throws(PictureProblem) -> Picture {
        guard PictureDecoder.format(of: file) != .jpeg else {
            throw .unsupported(what: "JPEG changes the numbers of a mask a little; a mask is a PNG file")
        }
        return try decode(file, channels: 1, areNumbers: true)
    }

    private func decode(
        _ file: UnsafeRawBufferPointer, channels: Int, areNumbers: Bool
    ) throws(PictureProblem) -> Picture {
        let header = try header(of: file)
        let bits = areNumbers ? 8 : header.bitsPerSample
        let pixelBytes = channels * (bits / 8)
        let count = header.height * header.width * pixelBytes
        let stored = try PictureDecoder.room(&stored, count, header)
        let status: pictures_status
        switch header.format {
        case .jpeg:
            let pixels = stored.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            status = pictures_jpeg_read(jpeg, Int32(channels), Int32(PictureDecoder.scans(header)), pixels)
        case .png where areNumbers:
            status = pictures_png_read_numbers(png, stored.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        case .png: status = pictures_png_read(png, Int32(channels), stored.bytes.baseAddress)
        }
        try check(status, pictures_header(), header.format, of: header)
        var memory = stored
        if header.orientation != .upright {
            memory = try PictureDecoder.room(&turned, count, header)
            guard let from = stored.bytes.baseAddress, let to = memory.bytes.baseAddress else { throw .empty }
            let walk = header.orientation.walk(
                height: header.height * header.width / header.storedWidth, width: header.storedWidth)
            turnPicture(from, to: to, h: header.height, w: header.width, bytes: pixelBytes, walk: walk)
        }
        return Picture(
            height: header.height, width: header.width, channels: channels, bitsPerSample: bits, memory: memory)
    }

    private static func scans(_ header: PictureHeader) -> Int {
        min(mostScans, mostPixelsOfScans / (header.height * header.width))
    }

    private static func room(
        _ memory: inout PictureMemory?, _ byteCount: Int, _ header: PictureHeader
    ) throws(PictureProblem) -> PictureMemory {
        if isKnownUniquelyReferenced(&memory), let memory, memory.suits(byteCount) { return memory }
        memory = nil
        guard let new = PictureMemory(byteCount: byteCount) else {
            throw .noMemory(height: header.height, width: header.width)
        }
        memory = new
        return new
    }

    private func check(
        _ status: pictures_status, _ found: pictures_header, _ format: PictureHeader.Format,
        of header: PictureHeader? = nil
    ) throws(PictureProblem) {
        var text: String {
            let message = format == .jpeg ? pictures_jpeg_message(jpeg) : pictures_png_message(png)
            return message.map { String(cString: $0) } ?? ""
        }
        switch status {
        case PICTURES_DONE: return
        case PICTURES_CUT_SHORT: throw .cutShort
        case PICTURES_UNSUPPORTED: throw .unsupported(what: text)
        case PICTURES_MANY_SCANS: throw .manyScans(limit: header.map(PictureDecoder.scans) ?? PictureDecoder.mostScans)
        case PICTURES_NO_MEMORY:
            throw .noMemory(height: header?.height ?? Int(found.height), width: header?.width ?? Int(found.width))
        default: throw .damaged(reason: text)
        }
    }
}
