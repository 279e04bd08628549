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

/// y = the largest value of each window; `choice` keeps which of the window's pixels (row · kernel
/// width + column) it was, as a float: comparisons of float vectors are one instruction.
///
/// The first of equal values wins; NaN wins over everything, so that it cannot hide. Channels of −∞ alone give −∞.
public func maxPool(
    _ g: PoolingGeometry, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, choice: UnsafeMutablePointer<Float>
) {
    g.forEachWindow { pixel, image, rows, columns in
        let window = MaxWindow(g, image, rows, columns)
        var k = 0
        // Vectors of channels; the last may write over the next pixel's channels, which come later, but not behind the tensor.
        while g.channels - k > 8 && pixel * g.channels + k + 16 <= g.outputCount {
            window.largest16(x, k, y + pixel * g.channels + k, choice + pixel * g.channels + k)
            k += 16
        }
        while k < g.channels && pixel * g.channels + k + 8 <= g.outputCount && window.lastPixel * g.channels + k + 8 <= g.inputCount {
            window.largest8(x, k, y + pixel * g.channels + k, choice + pixel * g.channels + k)
            k += 8
        }
        while k < g.channels {
            window.largest(x, k, y + pixel * g.channels + k, choice + pixel * g.channels + k)
            k += 1
        }
    }
}

/// The pixels of one window, clipped to the image.
private struct MaxWindow {
    let g: PoolingGeometry
    let image: Int
    let rows: Range<Int>
    let columns: Range<Int>

    @inline(__always)
    init(_ g: PoolingGeometry, _ image: Int, _ rows: Range<Int>, _ columns: Range<Int>) {
        self.g = g
        self.image = image
        self.rows = rows
        self.columns = columns
    }

    @inline(__always)
    var lastPixel: Int { image + (rows.upperBound - 1) * g.width + columns.upperBound - 1 }

    /// Calls `body(place in the window, first channel of the pixel)` for every pixel in order.
    @inline(__always)
    func forEachPixel(_ body: (Int, Int) -> Void) {
        for row in rows {
            for column in columns {
                let place = (row - rows.lowerBound) * g.kernelWidth + column - columns.lowerBound
                body(place, (image + row * g.width + column) * g.channels)
            }
        }
    }

    @inline(__always)
    func largest16(_ x: UnsafePointer<Float>, _ k: Int, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>) {
        var best = Vector(repeating: -.infinity)
        var chosen = Vector.zero
        forEachPixel { place, pixel in
            let lanes = min(16, g.inputCount - pixel - k)
            let value = loadLanes(x + pixel + k, lanes)
            let wins = (value .> best) .| (value .!= value)
            best.replace(with: value, where: wins)
            chosen.replace(with: Float(place), where: wins)
        }
        y.store(best, 0)
        choice.store(chosen, 0)
    }

    @inline(__always)
    func largest8(_ x: UnsafePointer<Float>, _ k: Int, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>) {
        var best = SIMD8<Float>(repeating: -.infinity)
        var chosen = SIMD8<Float>.zero
        forEachPixel { place, pixel in
            let value = UnsafeRawPointer(x + pixel + k).loadUnaligned(as: SIMD8<Float>.self)
            let wins = (value .> best) .| (value .!= value)
            best.replace(with: value, where: wins)
            chosen.replace(with: Float(place), where: wins)
        }
        UnsafeMutableRawPointer(y).storeBytes(of: best, as: SIMD8<Float>.self)
        UnsafeMutableRawPointer(choice).storeBytes(of: chosen, as: SIMD8<Float>.self)
    }

    @inline(__always)
    func largest(_ x: UnsafePointer<Float>, _ k: Int, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>) {
        var best = -Float.infinity
        var chosen = 0
        forEachPixel { place, pixel in
            let value = x[pixel + k]
            if value > best || value != value {
                best = value
                chosen = place
            }
        }
        y[0] = best
        choice[0] = Float(chosen)
    }
}

/// dx = the gradient, or dx += it: each window's gradient goes to the pixel that was chosen.
public func maxPoolGradient(
    _ g: PoolingGeometry, _ dy: UnsafePointer<Float>, choice: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
    accumulate: Bool
) {
    if !accumulate { dx.update(repeating: 0, count: g.inputCount) }
    let isDisjoint = g.strideHeight >= g.kernelHeight && g.strideWidth >= g.kernelWidth
    let isInside =
        g.paddingHeight == 0 && g.paddingWidth == 0
        && (g.outputHeight - 1) * g.strideHeight + g.kernelHeight <= g.height
        && (g.outputWidth - 1) * g.strideWidth + g.kernelWidth <= g.width
    if !accumulate && isDisjoint && isInside && g.outputCount > 0 {
        spreadDisjoint(g, dy, choice, dx)
        return
    }
    let c = g.channels
    g.forEachWindow { pixel, image, rows, columns in
        let source = dy + pixel * c
        let chosen = choice + pixel * c
        MaxWindow(g, image, rows, columns).forEachPixel { place, first in
            var k = 0
            while k + 8 <= c {
                let target = UnsafeMutableRawPointer(dx + first + k)
                let sum = target.loadUnaligned(as: SIMD8<Float>.self) + share(source + k, chosen + k, place)
                target.storeBytes(of: sum, as: SIMD8<Float>.self)
                k += 8
            }
            while k < c {
                if chosen[k] == Float(place) { dx[first + k] += source[k] }
                k += 1
            }
        }
    }
}

/// Windows that lie in the image and share no pixel: every pixel is written once, row after row, so a vector's lanes beyond the channels (zeros) may
/// fall on the next pixel, which comes later or is in no window.
private func spreadDisjoint(
    _ g: PoolingGeometry, _ dy: UnsafePointer<Float>, _ choice: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>
) {
    let c = g.channels
    let outputHeight = g.outputHeight
    let outputWidth = g.outputWidth
    var lastLanes = SIMD8<UInt32>.zero
    for lane in 0..<c % 8 { lastLanes[lane] = .max }
    // The last windows' vectors would reach behind the tensors; they go element by element.
    let reach = (c + 7) / 8 * 8
    let safePixels = g.outputCount >= reach ? (g.outputCount - reach) / c + 1 : 0
    var outputRow = 0
    while outputRow < g.batch * outputHeight {
        let image = outputRow / outputHeight
        let top = (image * g.height + (outputRow - image * outputHeight) * g.strideHeight) * g.width
        for kernelRow in 0..<g.kernelHeight {
            let line = top + kernelRow * g.width
            let firstPlace = kernelRow * g.kernelWidth
            for column in 0..<outputWidth {
                let pixel = outputRow * outputWidth + column
                let target = (line + column * g.strideWidth) * c
                if pixel < safePixels {
                    spread(dy + pixel * c, choice + pixel * c, c, lastLanes, firstPlace, g.kernelWidth, dx + target)
                } else {
                    for k in 0..<g.kernelWidth * c {
                        let (place, channel) = (Float(firstPlace + k / c), pixel * c + k % c)
                        dx[target + k] = choice[channel] == place ? dy[channel] : 0
                    }
                }
            }
        }
        outputRow += 1
    }
}

/// One row of a window: its `count` pixels get the gradient where they were chosen, from the first place on.
@inline(__always)
private func spread(
    _ dy: UnsafePointer<Float>, _ choice: UnsafePointer<Float>, _ c: Int, _ lastLanes: SIMD8<UInt32>, _ firstPlace: Int,
    _ count: Int, _ dx: UnsafeMutablePointer<Float>
) {
    for pixel in 0..<count {
        var k = 0
        while k < c {
            var bits = unsafeBitCast(share(dy + k, choice + k, firstPlace + pixel), to: SIMD8<UInt32>.self)
            if c - k < 8 { bits &= lastLanes }
            UnsafeMutableRawPointer(dx + pixel * c + k).storeBytes(of: bits, as: SIMD8<UInt32>.self)
            k += 8
        }
    }
}

/// Eight channels' gradients where `place` was chosen, else 0.
///
/// Equality is computed with integer arithmetic on the bits: comparisons of vectors compile to a loop over lanes here.
@inline(__always)
private func share(_ dy: UnsafePointer<Float>, _ choice: UnsafePointer<Float>, _ place: Int) -> SIMD8<Float> {
    let difference = UnsafeRawPointer(choice).loadUnaligned(as: SIMD8<UInt32>.self) ^ SIMD8(repeating: Float(place).bitPattern)
    let differs = (difference | (SIMD8<UInt32>.zero &- difference)) &>> SIMD8(repeating: 31)
    let gradient = UnsafeRawPointer(dy).loadUnaligned(as: SIMD8<UInt32>.self)
    return unsafeBitCast(gradient & (differs &- SIMD8(repeating: 1)), to: SIMD8<Float>.self)
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
        let bottom = min(top + kernelHeight, height + paddingHeight + extraPaddingHeight)
        let right = min(left + kernelWidth, width + paddingWidth + extraPaddingWidth)
        return (bottom - top) * (right - left)
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
