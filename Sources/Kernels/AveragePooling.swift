/// y = the mean of each window; padding counts as zeros where `countPadding` says so (torch's `count_include_pad`).
package func averagePool(
    _ g: PoolingGeometry, countPadding: Bool, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
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
package func averagePoolGradient(
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
package func globalAveragePool(
    _ x: UnsafePointer<Float>, batch: Int, positions: Int, channels: Int, into y: UnsafeMutablePointer<Float>
) {
    let factor = 1 / Float(max(positions, 1))
    for n in 0..<batch {
        sumRows(x + n * positions * channels, rows: positions, columns: channels, into: y + n * channels)
        for k in 0..<channels { y[n * channels + k] *= factor }
    }
}

/// dx = (or +=) dy / positions at every position.
package func globalAveragePoolGradient(
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
