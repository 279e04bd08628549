import TensorCore

/// The pixels of a picture file as numbers.
package struct PicturePixels: Sendable {
    package let height: Int
    package let width: Int
    /// 1 for grey, 3 for RGB.
    package let channels: Int
    /// [height, width, channels], 0…255.
    package let values: [Float]

    /// Reads a JPEG or PNG file.
    ///
    /// - Parameters:
    ///   - channels: 1 for grey, 3 for RGB; nil for what the file has.
    ///   - most: the longest side in pixels; a larger picture is made smaller, in its own ratio. Nil for the file's.
    /// - Throws: `DataError` that names the file.
    package init(_ path: String, channels: Int? = nil, most: Int? = nil) throws(DataError) {
        let file = try SharedBytes(mapping: path)
        do throws(PictureProblem) {
            self = try file.withUnsafeBytes { bytes in
                Result { () throws(PictureProblem) in try PicturePixels(bytes, channels, most) }
            }.get()
        } catch {
            throw .picture(path: path, problem: error)
        }
    }

    private init(_ bytes: UnsafeRawBufferPointer, _ given: Int?, _ most: Int?) throws(PictureProblem) {
        let decoder = PictureDecoder()
        var channels = given ?? 0
        if given == nil { channels = try decoder.header(of: bytes).channels }
        let picture = try decoder.decode(bytes, channels: channels)
        let longest = max(picture.height, picture.width)
        let share = most.map { min(1, Double($0) / Double(longest)) } ?? 1
        let height = max(1, Int((Double(picture.height) * share).rounded()))
        let width = max(1, Int((Double(picture.width) * share).rounded()))
        var values = [Float](repeating: 0, count: height * width * channels)
        values.withUnsafeMutableBufferPointer {
            PictureFit(height: height, width: width, mode: .stretch)(
                picture, workspace: PictureFit.Workspace(), into: $0)
        }
        (self.height, self.width, self.channels, self.values) = (height, width, channels, values)
    }
}
