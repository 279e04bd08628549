import TensorCore

/// A picture that trained weights are applied to, from a JPEG or PNG file of any size.
struct PictureSample: UnlabelledSamples {
    let count = 1
    private let pixels: [Float]

    /// - Parameters:
    ///   - shape: of the field that it becomes, [H, W, C]; with one channel it becomes grey.
    ///   - fit: how it comes to that size.
    /// - Returns: nil for a file of another kind.
    /// - Throws: `DataError` for one that can't be read or decoded.
    init?(_ path: String, shape: Shape, fit: PictureFit.Mode) throws(DataError) {
        guard SharedBytes.exists(path), shape.rank == 3, shape[2] == 1 || shape[2] == 3 else { return nil }
        let file = try SharedBytes(mapping: path)
        guard file.withUnsafeBytes({ PictureDecoder.format(of: $0) }) != nil else { return nil }
        var pixels = [Float](repeating: 0, count: shape.count)
        do throws(PictureProblem) {
            try file.withUnsafeBytes { bytes in
                Result { () throws(PictureProblem) in
                    try PictureSample.read(bytes, shape, fit, into: &pixels)
                }
            }.get()
        } catch {
            throw .picture(path: path, problem: error)
        }
        self.pixels = pixels
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ shape: Shape, _ fit: PictureFit.Mode, into pixels: inout [Float]
    ) throws(PictureProblem) {
        try pixels.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(PictureProblem) in
                try PictureReader().read(
                    bytes, channels: shape[2], fit: PictureFit(height: shape[0], width: shape[1], mode: fit),
                    into: buffer)
            }
        }.get()
    }

    func values(_ index: Int) -> [Float] { pixels }
}
