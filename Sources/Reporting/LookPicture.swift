import Foundation
import Inspection

/// The pictures of a look as PNG files.
enum LookPicture {
    /// A sheet's file: side by side, or one after the other.
    static func file(_ sheet: PictureSheet) throws -> Data {
        let large = sheet.enlarged
        if let seconds = sheet.secondsPerFrame, sheet.count > 1 {
            return try AnimatedPNG.bytes(
                (0..<large.count).map { bytes(of: large.picture($0)) }, height: large.height, width: large.width,
                channels: large.channels, secondsPerFrame: seconds)
        }
        if large.count == 1 {
            return try PNGFile.bytes(
                bytes(of: large.values), height: large.height, width: large.width, channels: large.channels)
        }
        return try PNGFile.sheet(
            large.values, count: large.count, height: large.height, width: large.width, channels: large.channels,
            columns: max(1, large.columns))
    }

    /// One of its pictures.
    static func file(_ sheet: PictureSheet, picture: Int) throws -> Data {
        let one = PictureSheet(
            caption: "", values: sheet.picture(picture), height: sheet.height, width: sheet.width,
            channels: sheet.channels, enlargement: sheet.enlargement)
        return try file(one)
    }

    /// What is not a number is black.
    private static func bytes(of values: [Float]) -> [UInt8] {
        values.map { $0.isNaN ? 0 : UInt8(min(max($0.rounded(), 0), 255)) }
    }
}
