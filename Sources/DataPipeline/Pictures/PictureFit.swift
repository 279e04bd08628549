import Kernels

/// How a picture of any extents becomes one of the extents that a field has: [h, w, C] → [height, width, C], floats on
/// the scale 0…255.
///
/// Resampling is ``ResamplingAxis``'s, on both axes.
package struct PictureFit: Equatable, Sendable {
    /// What is done where the sides have another ratio.
    package enum Mode: String, CaseIterable, Sendable {
        /// The middle of the longer side is taken.
        case crop
        /// Each side is fitted for itself.
        case stretch
        /// All of it is taken, in the middle of a background.
        case pad
    }

    package let height: Int
    package let width: Int
    package let mode: Mode
    /// What there is where the picture is not, 0…255.
    package let background: Float

    package init(height: Int, width: Int, mode: Mode = .crop, background: Float = 0) {
        precondition(height > 0 && width > 0, "PictureFit: \(height) × \(width) pixels")
        self.height = height
        self.width = width
        self.mode = mode
        self.background = background
    }

    /// Memory between the picture and what it becomes, used again for the next one.
    package final class Workspace {
        fileprivate var (rows, columns) = (ResamplingAxis(), ResamplingAxis())
        fileprivate var row: [Float] = []

        package init() {}
    }

    /// Fits a picture, or a window of it.
    ///
    /// - Parameter result: [height, width, channels of the picture]
    package func callAsFunction(
        _ picture: Picture, window: PictureWindow? = nil, workspace: Workspace,
        into result: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(
            result.count == height * width * picture.channels,
            "PictureFit: \(result.count) floats for [\(height), \(width), \(picture.channels)]")
        let window = window ?? PictureWindow(height: picture.height, width: picture.width)
        precondition(window.height > 0 && window.width > 0, "PictureFit: a window without pixels, \(window)")
        lay(window, of: picture, workspace)
        let floats = workspace.columns.sources.count * picture.channels + 1
        if workspace.row.count < floats { workspace.row = [Float](repeating: 0, count: floats) }
        guard let result = result.baseAddress else { return }
        picture.withUnsafeBytes { bytes in
            guard let bytes = bytes.baseAddress else { return }
            workspace.row.withUnsafeMutableBufferPointer { row in
                guard let row = row.baseAddress else { return }
                if picture.bitsPerSample == 8 {
                    resamplePicture(
                        bytes.assumingMemoryBound(to: UInt8.self), w: picture.width, c: picture.channels,
                        rows: workspace.rows, columns: workspace.columns, outside: background, row: row, to: result,
                        height: height, width: width)
                } else {
                    resamplePicture(
                        bytes.assumingMemoryBound(to: UInt16.self), w: picture.width, c: picture.channels,
                        rows: workspace.rows, columns: workspace.columns, outside: background, row: row, to: result,
                        height: height, width: width)
                }
            }
        }
    }

    /// Where a window of a picture lies in the result: pixels of the result, and the part of the picture that they
    /// show.
    struct Layout {
        var (rows, columns): (Range<Int>, Range<Int>)
        var (top, left, height, width): (Double, Double, Double, Double)

        /// A place of the picture in pixels of the result, both counted from the upper left corner.
        func place(x: Double, y: Double) -> (x: Double, y: Double) {
            (
                Double(columns.lowerBound) + (x - left) / width * Double(columns.count),
                Double(rows.lowerBound) + (y - top) / height * Double(rows.count)
            )
        }

        /// The pixel of the picture that the middle of one of the result shows; nil where the result shows none.
        func source(row: Int, column: Int) -> (row: Int, column: Int)? {
            guard rows.contains(row), columns.contains(column) else { return nil }
            let x = left + (Double(column - columns.lowerBound) + 0.5) / Double(columns.count) * width
            let y = top + (Double(row - rows.lowerBound) + 0.5) / Double(rows.count) * height
            return (Int(y), Int(x))
        }
    }

    /// Where all of a picture of such extents lies in the result.
    func layout(height: Int, width: Int) -> Layout { layout(PictureWindow(height: height, width: width)) }

    private func layout(_ window: PictureWindow) -> Layout {
        var layout = Layout(
            rows: 0..<height, columns: 0..<width, top: window.top, left: window.left, height: window.height,
            width: window.width)
        let (h, w) = (window.height, window.width)
        let isWider = h * Double(width) < w * Double(height)
        switch window.isStretched ? .stretch : mode {
        case .stretch: break
        case .crop where isWider:
            layout.width = h * Double(width) / Double(height)
            layout.left += (w - layout.width) / 2
        case .crop:
            layout.height = w * Double(height) / Double(width)
            layout.top += (h - layout.height) / 2
        case .pad where isWider: layout.rows = PictureFit.middle(of: height, length: h / w * Double(width))
        case .pad: layout.columns = PictureFit.middle(of: width, length: w / h * Double(height))
        }
        return layout
    }

    /// Lays out the axes for what the window becomes.
    private func lay(_ window: PictureWindow, of picture: Picture, _ workspace: Workspace) {
        let layout = layout(window)
        workspace.rows.lay(layout.rows, from: layout.top, length: layout.height, count: picture.height)
        workspace.columns.lay(layout.columns, from: layout.left, length: layout.width, count: picture.width)
    }

    /// The middle part of an axis, of a length that is rounded to pixels.
    private static func middle(of count: Int, length: Double) -> Range<Int> {
        let part = min(max(Int(length.rounded(.toNearestOrEven)), 1), count)
        let start = Int((Double(count - part) / 2).rounded(.toNearestOrEven))
        return start..<start + part
    }
}
