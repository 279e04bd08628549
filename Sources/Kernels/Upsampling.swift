/// How the values between those of an image are made.
package enum Interpolation: String, CaseIterable, Sendable {
    /// Every value is repeated.
    case nearest
    /// Weighted means of the four neighbours, as PyTorch's `bilinear` with `align_corners=False`: pixels are squares
    /// whose centres keep their places, and beyond the outermost centres the image goes on as it ends.
    case bilinear
}

/// The shapes of an upsampling: [n, h, w, c] → [n, fh · h, fw · w, c].
package struct UpsamplingGeometry: Hashable, Sendable {
    package var batch: Int
    package var height: Int
    package var width: Int
    package var channels: Int
    package var factorHeight: Int
    package var factorWidth: Int
    package var interpolation: Interpolation

    package init(
        batch: Int, height: Int, width: Int, channels: Int, factorHeight: Int, factorWidth: Int,
        interpolation: Interpolation
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.factorHeight = factorHeight
        self.factorWidth = factorWidth
        self.interpolation = interpolation
    }

    /// Floats of working memory: a row of inputs.
    package var scratchCount: Int { width * channels }

    /// The two inputs of `n` along an axis between which output `place` lies, and the share of the second; it is 0
    /// where the output is the first.
    @inline(__always)
    fileprivate func neighbours(_ place: Int, factor: Int, of n: Int) -> (first: Int, second: Int, share: Float) {
        if interpolation == .nearest || factor == 1 { return (place / factor, place / factor, 0) }
        let centre = max((Float(place) + 0.5) / Float(factor) - 0.5, 0)
        let first = Int(centre)
        return first + 1 < n ? (first, first + 1, centre - Float(first)) : (n - 1, n - 1, 0)
    }
}

/// y = x made larger.
///
/// - Parameter scratch: ``UpsamplingGeometry/scratchCount`` floats.
package func upsample(
    _ g: UpsamplingGeometry, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
) {
    let (c, line) = (g.channels, g.width * g.channels)
    let outputLine = line * g.factorWidth
    for image in 0..<g.batch {
        for place in 0..<g.height * g.factorHeight {
            let target = y + (image * g.height * g.factorHeight + place) * outputLine
            if g.interpolation == .nearest && place % g.factorHeight > 0 {
                target.update(from: target - outputLine, count: outputLine)
                continue
            }
            let (first, second, share) = g.neighbours(place, factor: g.factorHeight, of: g.height)
            var row = x + (image * g.height + first) * line
            if share > 0 {
                blend(row, x + (image * g.height + second) * line, share, into: scratch, count: line)
                row = UnsafePointer(scratch)
            }
            for column in 0..<g.width * g.factorWidth {
                let (left, right, share) = g.neighbours(column, factor: g.factorWidth, of: g.width)
                if share > 0 {
                    blend(row + left * c, row + right * c, share, into: target + column * c, count: c)
                } else {
                    (target + column * c).update(from: row + left * c, count: c)
                }
            }
        }
    }
}

/// dx = the gradient of ``upsample(_:_:into:scratch:)``, or dx += it.
///
/// - Parameter scratch: ``UpsamplingGeometry/scratchCount`` floats.
package func upsampleGradient(
    _ g: UpsamplingGeometry, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, accumulate: Bool
) {
    let (c, line) = (g.channels, g.width * g.channels)
    if !accumulate { dx.update(repeating: 0, count: g.batch * g.height * line) }
    for image in 0..<g.batch {
        for place in 0..<g.height * g.factorHeight {
            let source = dy + (image * g.height * g.factorHeight + place) * line * g.factorWidth
            scratch.update(repeating: 0, count: line)
            for column in 0..<g.width * g.factorWidth {
                let (left, right, share) = g.neighbours(column, factor: g.factorWidth, of: g.width)
                distribute(source + column * c, share, scratch + left * c, scratch + right * c, count: c)
            }
            let (first, second, share) = g.neighbours(place, factor: g.factorHeight, of: g.height)
            let images = dx + image * g.height * line
            distribute(scratch, share, images + first * line, images + second * line, count: line)
        }
    }
}

/// y = (1 − share) · a + share · b.
@inline(__always)
private func blend(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ share: Float, into y: UnsafeMutablePointer<Float>,
    count: Int
) {
    let rest = 1 - share
    for i in 0..<count { y[i] = rest * a[i] + share * b[i] }
}

/// a += (1 − share) · dy and b += share · dy; the whole to a where the share is 0.
@inline(__always)
private func distribute(
    _ dy: UnsafePointer<Float>, _ share: Float, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
    count: Int
) {
    guard share > 0 else { return accumulate(dy, into: a, count: count) }
    let rest = 1 - share
    for i in 0..<count {
        a[i] += rest * dy[i]
        b[i] += share * dy[i]
    }
}
