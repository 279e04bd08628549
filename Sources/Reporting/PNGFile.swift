import CPNG
import Foundation

/// Pictures as PNG files, by libpng.
package enum PNGFile {
    /// The bytes of a PNG file.
    ///
    /// - Parameters:
    ///   - pixels: [height, width, channels] in row-major order, a byte a value.
    ///   - channels: 1 for grey, 3 for red, green and blue.
    /// - Throws: ``ReportingError`` with libpng's reason.
    package static func bytes(_ pixels: [UInt8], height: Int, width: Int, channels: Int) throws -> Data {
        precondition(
            pixels.count == height * width * channels && (channels == 1 || channels == 3) && height * width > 0,
            "PNGFile: \(pixels.count) values for \(height)×\(width)×\(channels)")
        let format = channels == 3 ? png_uint_32(PNG_FORMAT_FLAG_COLOR) : 0
        return try encoded(pixels, height: height, width: width, format: format, colors: [])
    }

    /// The bytes of a PNG file that has a table of its colours.
    ///
    /// - Throws: ``ReportingError`` with libpng's reason.
    package static func bytes(_ table: ColorTable, height: Int, width: Int) throws -> Data {
        precondition(
            table.places.count == height * width && height * width > 0,
            "PNGFile: \(table.places.count) values for \(height)×\(width)")
        let format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
        return try encoded(table.places, height: height, width: width, format: format, colors: table.colors)
    }

    private static func encoded(
        _ values: [UInt8], height: Int, width: Int, format: png_uint_32, colors: [UInt8]
    ) throws -> Data {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = format
        image.colormap_entries = png_uint_32(colors.count / 3)
        defer { png_image_free(&image) }
        // Twice the raw size and a table's most bytes are more than deflate ever needs.
        var size = 2 * values.count + 2048
        var bytes = Data(count: size)
        let status = bytes.withUnsafeMutableBytes { target in
            png_image_write_to_memory(&image, target.baseAddress, &size, 0, values, 0, colors)
        }
        guard status != 0 else {
            let reason = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw ReportingError.file(operation: "encode", path: "a picture as PNG", reason: reason)
        }
        return bytes.prefix(size)
    }

    /// Pictures of one size side by side, in rows, with a dark pixel between them.
    ///
    /// - Parameters:
    ///   - values: [count, height, width, channels], 0 for black and 255 for white; what is outside is cut off.
    ///   - columns: pictures in a row.
    package static func sheet(
        _ values: [Float], count: Int, height: Int, width: Int, channels: Int, columns: Int
    ) throws -> Data {
        let rows = (count + columns - 1) / columns
        let (sheetHeight, sheetWidth) = (rows * (height + 1) + 1, columns * (width + 1) + 1)
        var pixels = [UInt8](repeating: 40, count: sheetHeight * sheetWidth * channels)
        for picture in 0..<count {
            let top = picture / columns * (height + 1) + 1
            let left = picture % columns * (width + 1) + 1
            for row in 0..<height {
                let source = (picture * height + row) * width * channels
                let target = ((top + row) * sheetWidth + left) * channels
                for offset in 0..<width * channels {
                    let value = values[source + offset]
                    // What has diverged is seen, and named by the step or validation that meets it.
                    pixels[target + offset] = value.isNaN ? 0 : UInt8(min(max(value.rounded(), 0), 255))
                }
            }
        }
        return try bytes(pixels, height: sheetHeight, width: sheetWidth, channels: channels)
    }
}
