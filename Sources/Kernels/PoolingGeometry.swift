/// The shape of a two-dimensional pooling: windows over [n, h, w, c].
public struct PoolingGeometry: Hashable, Sendable {
    public var batch: Int
    public var height: Int
    public var width: Int
    public var channels: Int
    public var kernelHeight: Int
    public var kernelWidth: Int
    public var strideHeight: Int
    public var strideWidth: Int
    public var paddingHeight: Int
    public var paddingWidth: Int
    /// More padding at the bottom than at the top, for windows that keep the extent.
    public var extraPaddingHeight: Int
    /// More padding at the right than at the left.
    public var extraPaddingWidth: Int
    /// Rounds the output size up, so that a partial window at the edge counts (GoogLeNet).
    public var ceilMode: Bool

    public init(
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

    public var outputHeight: Int {
        PoolingGeometry.extent(height, kernelHeight, strideHeight, paddingHeight, extraPaddingHeight, ceilMode)
    }
    public var outputWidth: Int {
        PoolingGeometry.extent(width, kernelWidth, strideWidth, paddingWidth, extraPaddingWidth, ceilMode)
    }
    public var inputCount: Int { batch * height * width * channels }
    public var outputCount: Int { batch * outputHeight * outputWidth * channels }

    /// As torch: with ceil, a window that would begin in the padding behind the image is dropped.
    static func extent(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ extra: Int, _ ceil: Bool) -> Int {
        let room = n + 2 * p + extra - k
        if room < 0 { return 0 }
        var size = (room + (ceil ? s - 1 : 0)) / s + 1
        if ceil && (size - 1) * s >= n + p { size -= 1 }
        return size
    }

    /// Calls `body(output pixel, image's first pixel, window rows, window columns)` for every window, clipped to the image.
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
