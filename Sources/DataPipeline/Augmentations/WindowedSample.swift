import Kernels
import TensorCore

/// A random choice of a window that can be cut from pictures of any extents, and from samples that all have those of
/// their field too: the window becomes an image of the same extents, by antialiased bilinear interpolation.
package protocol WindowedSample: SampleTransform, WindowTransform {}

extension WindowedSample {
    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (from, to) = checkedImage(source, destination, shape, "\(Self.self)")
        let (h, w) = (Double(shape[0]), Double(shape[1]))
        let window = window(height: h, width: w, key: key)
        if window.top == 0, window.left == 0, window.height == h, window.width == w { return false }
        resampleWindow(window, of: from, to: to, shape: shape, outside: background)
        return true
    }
}

/// Makes a window of an image [H, W, C], which may reach beyond its edges, an image of the same extents.
package func resampleWindow(
    _ window: PictureWindow, of source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, shape: Shape,
    outside: Float
) {
    let (h, w, c) = (shape[0], shape[1], shape[2])
    var (rows, columns) = (ResamplingAxis(), ResamplingAxis())
    rows.lay(0..<h, from: window.top, length: window.height, count: h)
    columns.lay(0..<w, from: window.left, length: window.width, count: w)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columns.sources.count * c + 1) { row in
        guard let row = row.baseAddress else { return }
        resamplePicture(
            source, w: w, c: c, rows: rows, columns: columns, outside: outside, row: row, to: destination, height: h,
            width: w)
    }
}
