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
    /// Rounds the output size up, so that a partial window at the edge counts (GoogLeNet).
    public var ceilMode: Bool

    public init(
        batch: Int, height: Int, width: Int, channels: Int, kernel: (Int, Int), stride: (Int, Int),
        padding: (Int, Int) = (0, 0), ceilMode: Bool = false
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        (kernelHeight, kernelWidth) = kernel
        (strideHeight, strideWidth) = stride
        (paddingHeight, paddingWidth) = padding
        self.ceilMode = ceilMode
    }

    public var outputHeight: Int { PoolingGeometry.extent(height, kernelHeight, strideHeight, paddingHeight, ceilMode) }
    public var outputWidth: Int { PoolingGeometry.extent(width, kernelWidth, strideWidth, paddingWidth, ceilMode) }
    public var inputCount: Int { batch * height * width * channels }
    public var outputCount: Int { batch * outputHeight * outputWidth * channels }

    /// As torch: with ceil, a window that would begin in the padding behind the image is dropped.
    static func extent(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ ceil: Bool) -> Int {
        let room = n + 2 * p - k
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

/// y = the largest value of each window; `choice` keeps which of the window's pixels (row · kernel width + column) it was.
///
/// The first of equal values wins; NaN wins over everything, so that it cannot hide.
public func maxPool(
    _ g: PoolingGeometry, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, choice: UnsafeMutablePointer<UInt8>
) {
    let c = g.channels
    var output = 0
    g.forEachWindow { pixel, image, rows, columns in
        let top = rows.lowerBound
        let left = columns.lowerBound
        output = pixel * c
        var first = true
        for row in rows {
            for column in columns {
                let source = x + (image + row * g.width + column) * c
                let index = UInt8(truncatingIfNeeded: (row - top) * g.kernelWidth + column - left)
                let target = y + output
                let chosen = choice + output
                if first {
                    for k in 0..<c {
                        target[k] = source[k]
                        chosen[k] = index
                    }
                    first = false
                } else {
                    for k in 0..<c {
                        let value = source[k]
                        let best = target[k]
                        let wins = value > best || value != value
                        target[k] = wins ? value : best
                        chosen[k] = wins ? index : chosen[k]
                    }
                }
            }
        }
    }
}

/// dx += the gradient: each window's gradient goes to the pixel that was chosen. `dx` holds zeros or gradients of other uses.
public func maxPoolGradient(
    _ g: PoolingGeometry, _ dy: UnsafePointer<Float>, choice: UnsafePointer<UInt8>, into dx: UnsafeMutablePointer<Float>
) {
    let c = g.channels
    g.forEachWindow { pixel, image, rows, columns in
        let source = dy + pixel * c
        let chosen = choice + pixel * c
        for row in rows {
            for column in columns {
                let index = UInt8(truncatingIfNeeded: (row - rows.lowerBound) * g.kernelWidth + column - columns.lowerBound)
                let target = dx + (image + row * g.width + column) * c
                for k in 0..<c { target[k] += chosen[k] == index ? source[k] : 0 }
            }
        }
    }
}

/// y = the mean of each window; padding counts as zeros where `countPadding` says so (torch's `count_include_pad`).
public func averagePool(_ g: PoolingGeometry, countPadding: Bool, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
    let c = g.channels
    g.forEachWindow { pixel, image, rows, columns in
        let target = y + pixel * c
        target.update(repeating: 0, count: c)
        for row in rows {
            for column in columns { accumulate(x + (image + row * g.width + column) * c, into: target, count: c) }
        }
        let factor = 1 / Float(g.divisor(pixel, rows, columns, countPadding))
        for k in 0..<c { target[k] *= factor }
    }
}

/// dx += the gradient of ``averagePool(_:countPadding:_:into:)``.
public func averagePoolGradient(
    _ g: PoolingGeometry, countPadding: Bool, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
) {
    let c = g.channels
    g.forEachWindow { pixel, image, rows, columns in
        let source = dy + pixel * c
        let factor = 1 / Float(g.divisor(pixel, rows, columns, countPadding))
        for row in rows {
            for column in columns {
                let target = dx + (image + row * g.width + column) * c
                for k in 0..<c { target[k] += factor * source[k] }
            }
        }
    }
}

extension PoolingGeometry {
    /// How many values a window averages: all its pixels inside the padded image, or inside the image.
    @inline(__always)
    fileprivate func divisor(_ pixel: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ countPadding: Bool) -> Int {
        if !countPadding { return max(rows.count * columns.count, 1) }
        let top = pixel / outputWidth % outputHeight * strideHeight - paddingHeight
        let left = pixel % outputWidth * strideWidth - paddingWidth
        return (min(top + kernelHeight, height + paddingHeight) - top) * (min(left + kernelWidth, width + paddingWidth) - left)
    }
}

/// y[n, c] = the mean over all positions of x [n, positions, c].
public func globalAveragePool(
    _ x: UnsafePointer<Float>, batch: Int, positions: Int, channels: Int, into y: UnsafeMutablePointer<Float>
) {
    let factor = 1 / Float(max(positions, 1))
    for n in 0..<batch {
        sumRows(x + n * positions * channels, rows: positions, columns: channels, into: y + n * channels)
        for k in 0..<channels { y[n * channels + k] *= factor }
    }
}

/// dx = (or +=) dy / positions at every position.
public func globalAveragePoolGradient(
    _ dy: UnsafePointer<Float>, batch: Int, positions: Int, channels: Int, into dx: UnsafeMutablePointer<Float>,
    accumulate: Bool
) {
    let factor = 1 / Float(max(positions, 1))
    for n in 0..<batch {
        for position in 0..<positions {
            scale(
                dy + n * channels, by: factor, into: dx + (n * positions + position) * channels, count: channels,
                accumulate: accumulate)
        }
    }
}
