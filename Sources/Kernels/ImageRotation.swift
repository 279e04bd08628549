/// An angle by its cosine and sine.
@usableFromInline
package struct Direction: Equatable, Sendable {
    @usableFromInline package let cosine: Float
    @usableFromInline package let sine: Float

    package init(cosine: Float, sine: Float) {
        self.cosine = cosine
        self.sine = sine
    }

    /// An angle in turns, counter-clockwise.
    ///
    /// By +, −, × and rounding alone, so that every machine computes the same bits.
    package init(turns: Double) {
        self.init(cosine: Float(Kernels.sine(ofTurns: turns + 0.25)), sine: Float(Kernels.sine(ofTurns: turns)))
    }
}

/// sin(2πt) within 1e-11, by +, −, × and rounding alone, so that every machine computes the same bits.
package func sine(ofTurns turns: Double) -> Double {
    var t = turns - turns.rounded()  // −½…½
    if t > 0.25 { t = 0.5 - t } else if t < -0.25 { t = -0.5 - t }
    let x = 2 * Double.pi * t
    let square = x * x
    var (term, sum) = (x, x)
    for factor in stride(from: 2.0, through: 14, by: 2) {  // Taylor's series to x¹⁵
        term *= -square / (factor * (factor + 1))
        sum += term
    }
    return sum
}

/// Turns an image about its middle, counter-clockwise: [H, W, C] → [H, W, C].
///
/// A pixel becomes the mean of the four around the place that it comes from, weighted by nearness (bilinear
/// interpolation); outside the image all pixels are `outside`.
///
/// - Parameter pixel: reads a value of the source at its place in row-major order.
@inlinable @inline(__always)
package func rotateImage(
    to destination: UnsafeMutablePointer<Float>, h: Int, w: Int, c: Int, by angle: Direction, outside: Float,
    pixel: (Int) -> Float
) {
    let (middleRow, middleColumn) = (Float(h - 1) / 2, Float(w - 1) / 2)
    for y in 0..<h {
        for x in 0..<w {
            let (down, right) = (Float(y) - middleRow, Float(x) - middleColumn)
            let row = down * angle.cosine + right * angle.sine + middleRow
            let column = right * angle.cosine - down * angle.sine + middleColumn
            let (top, left) = (row.rounded(.down), column.rounded(.down))
            let (below, beside) = (row - top, column - left)
            let (i, j) = (Int(top), Int(left))
            let (holdsTop, holdsBottom) = (i >= 0 && i < h, i >= -1 && i + 1 < h)
            let (holdsLeft, holdsRight) = (j >= 0 && j < w, j >= -1 && j + 1 < w)
            let (place, from) = (destination + (y * w + x) * c, (i * w + j) * c)
            for channel in 0..<c {
                let first = from + channel
                let a = holdsTop && holdsLeft ? pixel(first) : outside
                let b = holdsTop && holdsRight ? pixel(first + c) : outside
                let d = holdsBottom && holdsLeft ? pixel(first + w * c) : outside
                let e = holdsBottom && holdsRight ? pixel(first + (w + 1) * c) : outside
                let (upper, lower) = (a + (b - a) * beside, d + (e - d) * beside)
                place[channel] = upper + (lower - upper) * below
            }
        }
    }
}
