/// Stochastic pooling, Zeiler and Fergus 2013, sections 3.1 and 3.2: of a window's activations aᵢ = max(0, xᵢ) one is
/// drawn with probability aᵢ / Σ a; in evaluation the result is their mean with those weights, Σ a² / Σ a.
///
/// A window without positive activations gives 0. Windows are taken sixteen channels at a time.

/// y = an activation of each window, drawn at random; `choice` keeps which of the window's pixels it was (row · kernel
/// width + column of the window inside the image) as a float, −1 where there was none to choose.
///
/// - Parameters:
///   - key: output i takes word i mod 64 of Philox group i / 64.
///   - scratch: room for as many floats as y has.
package func stochasticPool(
    _ g: PoolingGeometry, _ x: UnsafePointer<Float>, key: RandomKey, scratch: UnsafeMutablePointer<Float>,
    into y: UnsafeMutablePointer<Float>, choice: UnsafeMutablePointer<Float>
) {
    fillUniform(scratch, count: g.outputCount, key: key)
    g.forEachWindow { pixel, image, rows, columns in
        let window = ActivationWindow(g, image, rows, columns)
        for k in stride(from: 0, to: g.channels, by: 16) {
            let (index, width) = (pixel * g.channels + k, min(16, g.channels - k))
            var total = Vector.zero
            window.forEachPixel { _, first in total += window.activation(x + first + k, width) }
            // The first pixel at which the sum passes it; the same order of additions, so the last one does.
            let threshold = loadLanes(scratch + index, width) * total
            var sum = Vector.zero
            var chosen = Vector(repeating: -1)
            var value = Vector.zero
            window.forEachPixel { place, first in
                let a = window.activation(x + first + k, width)
                let isOpen = (sum .<= threshold) .& (a .> Vector.zero)
                value.replace(with: a, where: isOpen)
                chosen.replace(with: Float(place), where: isOpen)
                sum += a
            }
            // What is not a number must not hide behind a choice.
            value.replace(with: total, where: .!(total .< Vector(repeating: .infinity)))
            storeLanes(value, to: y + index, width)
            storeLanes(chosen, to: choice + index, width)
        }
    }
}

/// y = Σ a² / Σ a of each window, and Σ a for backward.
package func weightedPool(
    _ g: PoolingGeometry, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    totals: UnsafeMutablePointer<Float>
) {
    g.forEachWindow { pixel, image, rows, columns in
        let window = ActivationWindow(g, image, rows, columns)
        for k in stride(from: 0, to: g.channels, by: 16) {
            let (index, width) = (pixel * g.channels + k, min(16, g.channels - k))
            var total = Vector.zero
            var squares = Vector.zero
            window.forEachPixel { _, first in
                let a = window.activation(x + first + k, width)
                total += a
                squares = squares.addingProduct(a, a)
            }
            let isEmpty = total .== Vector.zero
            storeLanes((squares / total).replacing(with: 0, where: isEmpty), to: y + index, width)
            storeLanes(total, to: totals + index, width)
        }
    }
}

/// dx += dy · (2 a − y) / Σ a for the positive activations of each window.
package func weightedPoolGradient(
    _ g: PoolingGeometry, _ x: UnsafePointer<Float>, output y: UnsafePointer<Float>, totals: UnsafePointer<Float>,
    _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
) {
    g.forEachWindow { pixel, image, rows, columns in
        let window = ActivationWindow(g, image, rows, columns)
        for k in stride(from: 0, to: g.channels, by: 16) {
            let (index, width) = (pixel * g.channels + k, min(16, g.channels - k))
            let factor = loadLanes(dy + index, width) / loadLanes(totals + index, width)
            let mean = loadLanes(y + index, width)
            window.forEachPixel { _, first in
                let a = window.activation(x + first + k, width)
                let slope = factor * (a + a - mean)
                addLanes(Vector.zero.replacing(with: slope, where: a .> Vector.zero), to: dx + first + k, width)
            }
        }
    }
}

/// The pixels of one window, clipped to the image.
private struct ActivationWindow {
    private let g: PoolingGeometry
    private let image: Int
    private let rows: Range<Int>
    private let columns: Range<Int>

    @inline(__always)
    init(_ g: PoolingGeometry, _ image: Int, _ rows: Range<Int>, _ columns: Range<Int>) {
        (self.g, self.image, self.rows, self.columns) = (g, image, rows, columns)
    }

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

    /// max(0, x); NaN stays NaN.
    @inline(__always)
    func activation(_ x: UnsafePointer<Float>, _ width: Int) -> Vector {
        let value = loadLanes(x, width)
        return value.replacing(with: 0, where: value .< Vector.zero)
    }
}

/// Numbers uniform in [0, 1) with 23 random bits.
private func fillUniform(_ target: UnsafeMutablePointer<Float>, count: Int, key: RandomKey) {
    for i in stride(from: 0, to: count, by: 64) {
        let words = philox16(
            key: key.bits, first: UInt32(truncatingIfNeeded: i / 64 * 16), word2: 0,
            word3: UInt32(truncatingIfNeeded: i >> 34))
        storeUniform(words.0, target, i, count)
        storeUniform(words.1, target, i + 16, count)
        storeUniform(words.2, target, i + 32, count)
        storeUniform(words.3, target, i + 48, count)
    }
}

@inline(__always)
private func storeUniform(_ words: SIMD16<UInt32>, _ target: UnsafeMutablePointer<Float>, _ first: Int, _ count: Int) {
    let width = min(16, count - first)
    if width <= 0 { return }
    // The bits of a number in [1, 2).
    let bits = (words &>> SIMD16(repeating: 9)) | SIMD16(repeating: 0x3f80_0000)
    storeLanes(unsafeBitCast(bits, to: Vector.self) - Vector(repeating: 1), to: target + first, width)
}
