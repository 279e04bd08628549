import System

/// Turns files of pictures into floats of one size: a decoder and the memory for fitting, for one thread at a time.
package final class PictureReader {
    package let decoder = PictureDecoder()
    private let workspace = PictureFit.Workspace()

    package init() {}

    /// Decodes a file and fits it.
    ///
    /// - Parameters:
    ///   - channels: 1 for grey, 3 for RGB.
    ///   - change: what is done to the picture at random.
    ///   - result: [height, width, channels], on the scale 0…255.
    package func read(
        _ file: UnsafeRawBufferPointer, channels: Int, fit: PictureFit, changing change: PictureChange? = nil,
        into result: UnsafeMutableBufferPointer<Float>
    ) throws(PictureProblem) {
        let picture = try decoder.decode(file, channels: channels)
        let window = change?.window(height: picture.height, width: picture.width)
        fit(picture, window: window, workspace: workspace, into: result)
    }
}

/// Readers that threads borrow, as many as have been in use at once.
// Unchecked: the list changes under its lock, and a reader that was taken out of it belongs to the thread that took it.
package final class PictureReaderPool: @unchecked Sendable {
    private let lock = Monitor()
    private var free: [PictureReader] = []

    package init() {}

    /// Calls `body` with a reader that no other thread has.
    package func withReader<Result, Failure>(
        _ body: (PictureReader) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let reader = lock.withLock { free.popLast() } ?? PictureReader()
        defer { lock.withLock { free.append(reader) } }
        return try body(reader)
    }
}
