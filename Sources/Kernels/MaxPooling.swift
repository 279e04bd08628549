/// y = the largest value of each window; `choice` keeps which of the window's pixels (row · kernel
/// width + column) it was, as a float: comparisons of float vectors are one instruction.
///
/// The first of equal values wins; NaN wins over everything, so that it cannot hide. Channels of −∞ alone give −∞.
package func maxPool(
    _ g: PoolingGeometry, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    choice: UnsafeMutablePointer<Float>
) {
    g.forEachWindow { pixel, image, rows, columns in
        let window = MaxWindow(g, image, rows, columns)
        var k = 0
        // Vectors of channels; the last may write over the next pixel's channels, which come later, but not behind the
        // tensor.
        while g.channels - k > 8 && pixel * g.channels + k + 16 <= g.outputCount {
            window.largest16(x, k, y + pixel * g.channels + k, choice + pixel * g.channels + k)
            k += 16
        }
        while k < g.channels && pixel * g.channels + k + 8 <= g.outputCount
            && window.lastPixel * g.channels + k + 8 <= g.inputCount
        {
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
    func largest16(
        _ x: UnsafePointer<Float>, _ k: Int, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>
    ) {
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
    func largest8(
        _ x: UnsafePointer<Float>, _ k: Int, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>
    ) {
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
    func largest(
        _ x: UnsafePointer<Float>, _ k: Int, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>
    ) {
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
package func maxPoolGradient(
    _ g: PoolingGeometry, _ dy: UnsafePointer<Float>, choice: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>,
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

/// Windows that lie in the image and share no pixel: every pixel is written once, row after row, so a vector's lanes
/// beyond the channels (zeros) may fall on the next pixel, which comes later or is in no window.
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
    let difference =
        UnsafeRawPointer(choice).loadUnaligned(as: SIMD8<UInt32>.self) ^ SIMD8(repeating: Float(place).bitPattern)
    let differs = (difference | (SIMD8<UInt32>.zero &- difference)) &>> SIMD8(repeating: 31)
    let gradient = UnsafeRawPointer(dy).loadUnaligned(as: SIMD8<UInt32>.self)
    return unsafeBitCast(gradient & (differs &- SIMD8(repeating: 1)), to: SIMD8<Float>.self)
}
