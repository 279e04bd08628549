// What changes of colour compute of interleaved pixels in 0…`full`, as torchvision's `transforms.v2.functional` does of
// floats. Those that give x and y may do so in place, where they are.

/// Calls `body` so that the compiler sees where x and y are one place; else it would not vectorise that.
@inline(__always)
private func inPlaceOrNot(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
) {
    if x == UnsafePointer(y) { body(UnsafePointer(y), y) } else { body(x, y) }
}

/// y = x · `factor` + `offset`, held within 0…`full`.
package func scaleWithin(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, factor: Float, offset: Float = 0,
    full: Float
) {
    inPlaceOrNot(x, y) { x, y in
        for i in 0..<count { y[i] = min(max(x[i] * factor + offset, 0), full) }
    }
}

/// How bright red, green and blue together look (ITU-R BT.601, rounded as torchvision has it).
@inline(__always)
private func luma(_ red: Float, _ green: Float, _ blue: Float) -> Float {
    0.2989 * red + 0.587 * green + 0.114 * blue
}

/// The mean brightness of a picture [pixels, channels]: of three channels as an eye sees them, of one as it is.
package func meanBrightness(_ x: UnsafePointer<Float>, pixels: Int, channels: Int) -> Float {
    if channels == 3 {
        let sums = sumsOfThreeChannels(x, pixels: pixels)
        return luma(sums.0, sums.1, sums.2) / Float(max(pixels, 1))
    }
    let sums = sumsOfThreeChannels(x, pixels: pixels / 3)
    var total = sums.0 + sums.1 + sums.2
    for i in pixels / 3 * 3..<pixels { total += x[i] }
    return total / Float(max(pixels, 1))
}

/// Σ of each channel of [pixels, 3], in an order that depends on `pixels` alone.
package func sumsOfThreeChannels(_ x: UnsafePointer<Float>, pixels: Int) -> (Float, Float, Float) {
    // Sixteen pixels are three vectors, in which every lane has a channel of its own.
    var (a, b, c) = (Vector.zero, Vector.zero, Vector.zero)
    var done = 0
    while done + 16 <= pixels {
        a += x.vector(3 * done)
        b += x.vector(3 * done + 16)
        c += x.vector(3 * done + 32)
        done += 16
    }
    var sums = SIMD3<Float>.zero
    for lane in 0..<16 {
        sums[lane % 3] += a[lane]
        sums[(lane + 1) % 3] += b[lane]
        sums[(lane + 2) % 3] += c[lane]
    }
    for pixel in done..<pixels { sums += SIMD3(x[3 * pixel], x[3 * pixel + 1], x[3 * pixel + 2]) }
    return (sums[0], sums[1], sums[2])
}

/// Moves every pixel of [pixels, 3] from its own brightness, which a factor of 0 leaves alone of it: y = f x +
/// (1 − f) luma, held within 0…`full`.
package func adjustSaturation(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, pixels: Int, factor: Float, full: Float
) {
    inPlaceOrNot(x, y) { x, y in
        for pixel in 0..<pixels {
            let (red, green, blue) = (x[3 * pixel], x[3 * pixel + 1], x[3 * pixel + 2])
            let grey = (1 - factor) * luma(red, green, blue)
            y[3 * pixel] = min(max(factor * red + grey, 0), full)
            y[3 * pixel + 1] = min(max(factor * green + grey, 0), full)
            y[3 * pixel + 2] = min(max(factor * blue + grey, 0), full)
        }
    }
}

/// Turns the hue of [pixels, 3] by `turns`, −1…1; saturation and value stay.
///
/// The hue is the place of a colour on the circle red, yellow, green, cyan, blue, magenta. With the largest part m of a
/// pixel, the distance d to its smallest and the new hue h in sixths, a channel becomes m − d · max(0, min(1, k, 4 −
/// k)), k = (h + 5, 3 or 1) mod 6: what HSV and back comes to.
package func rotateHue(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, pixels: Int, turns: Float, full: Float
) {
    inPlaceOrNot(x, y) { x, y in
        for pixel in 0..<pixels {
            let (red, green, blue) = (x[3 * pixel], x[3 * pixel + 1], x[3 * pixel + 2])
            let most = max(red, max(green, blue))
            let range = most - min(red, min(green, blue))
            let share = 1 / (range == 0 ? 1 : range)
            let fromRed = (green - blue) * share
            let fromGreen = (blue - red) * share + 2
            let fromBlue = (red - green) * share + 4
            let hue = (most == red ? fromRed : most == green ? fromGreen : fromBlue) + 6 * turns
            let wrapped = hue - 6 * (hue * (1 / 6)).rounded(.down)
            y[3 * pixel] = channel(wrapped + 5, most, range, full)
            y[3 * pixel + 1] = channel(wrapped + 3, most, range, full)
            y[3 * pixel + 2] = channel(wrapped + 1, most, range, full)
        }
    }
}

@inline(__always)
private func channel(_ place: Float, _ most: Float, _ range: Float, _ full: Float) -> Float {
    let k = place >= 6 ? place - 6 : place
    let share = max(0, min(1, min(k, 4 - k)))
    return min(max(most - range * share, 0), full)
}

/// y = x + one number a channel, of [pixels, 3].
package func addToChannels(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, pixels: Int, _ added: SIMD3<Float>
) {
    let (first, second, third) = (added[0], added[1], added[2])
    for pixel in 0..<pixels {
        y[3 * pixel] = x[3 * pixel] + first
        y[3 * pixel + 1] = x[3 * pixel + 1] + second
        y[3 * pixel + 2] = x[3 * pixel + 2] + third
    }
}

/// Adds to `sums` what the pixels of [pixels, 3], rounded to whole numbers in 0…255, come to: Σ r, g, b, rr, rg, rb,
/// gg, gb, bb. Exact.
package func addColourProducts(_ x: UnsafePointer<Float>, pixels: Int, into sums: UnsafeMutablePointer<Int64>) {
    // So many products of two bytes have a sum within 32 bits.
    let block = 33_000
    for first in stride(from: 0, to: pixels, by: block) {
        var (r1, g1, b1, rr, rg): (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0)
        var (rb, gg, gb, bb): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        for pixel in first..<min(first + block, pixels) {
            let r = UInt32(bitPattern: Int32(x[3 * pixel] + 0.5))
            let g = UInt32(bitPattern: Int32(x[3 * pixel + 1] + 0.5))
            let b = UInt32(bitPattern: Int32(x[3 * pixel + 2] + 0.5))
            r1 &+= r
            g1 &+= g
            b1 &+= b
            rr &+= r &* r
            rg &+= r &* g
            rb &+= r &* b
            gg &+= g &* g
            gb &+= g &* b
            bb &+= b &* b
        }
        for (place, sum) in [r1, g1, b1, rr, rg, rb, gg, gb, bb].enumerated() { sums[place] += Int64(sum) }
    }
}
