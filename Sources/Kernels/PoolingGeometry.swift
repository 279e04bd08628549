/// The shape of a two-dimensional pooling: windows over [n, h, w, c].
package struct PoolingGeometry: Hashable, Sendable {
    package var batch: Int
    package var height: Int
    package var width: Int
    package var channels: Int
    package var kernelHeight: Int
    package var kernelWidth: Int
    package var strideHeight: Int
    package var strideWidth: Int
    package var paddingHeight: Int
    package var paddingWidth: Int
    /// More padding at the bottom than at the top, for windows that keep the extent.
    package var extraPaddingHeight: Int
    /// More padding at the right than at the left.
    package var extraPaddingWidth: Int
    /// Rounds the output size up, so that a partial window at the edge counts (GoogLeNet).
    package var ceilMode: Bool

    package init(
        batch: Int, height: Int, width: Int, channels: Int, kernel: (Int, Int), stride: (Int, Int),
        padding: (Int, Int) = (0, 0), extraPadding: (Int, Int) = (0, 0), ceilMode: Bool = false
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        (kernelHeight, kernelWidth) = kernel
        (strideHeight, strideWidth) = stride
        (paddingHeight, paddingWidth) = padding
        (extraPaddingHeight, extraPaddingWidth) = extraPadding
        self.ceilMode = ceilMode
    }

    package var outputHeight: Int {
        PoolingGeometry.extent(height, kernelHeight, strideHeight, paddingHeight, extraPaddingHeight, ceilMode)
    }
    package var outputWidth: Int {
        PoolingGeometry.extent(width, kernelWidth, strideWidth, paddingWidth, extraPaddingWidth, ceilMode)
    }
    package var inputCount: Int { batch * height * width * channels }
    package var outputCount: Int { batch * outputHeight * outputWidth * channels }

    /// As torch: with ceil, a window that would begin in the padding behind the image is dropped.
    static func extent(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ extra: Int, _ ceil: Bool) -> Int {
        let room = n + 2 * p + extra - k
        if room < 0 { return 0 }
        var size = (room + (ceil ? s - 1 : 0)) / s + 1
        if ceil && (size - 1) * s >= n + p { size -= 1 }
        return size
    }

    /// Calls `body(output pixel, image's first pixel, window rows, window columns)` for every window, clipped to the
    /// image.
    @inline(__always)
    func forEachWindow(_ body: (Int, Int, Range<Int>, Range<Int>) -> Void) {
        var output = 0
        for n in 0..<batch {
            for oh in 0..<outputHeight {
                let top = oh * strideHeight - paddingHeight
                let rows = max(top, 0)..<max(max(top, 0), min(top + kernelHeight, height))
                for ow in 0..<outputWidth {
                    let left = ow * strideWidth - paddingWidth
                    let columns = max(left, 0)..<max(max(left, 0), min(left + kernelWidth, width))
                    body(output, n * height * width, rows, columns)
                    output += 1
                }
            }
        }
    }
}
