/// Writes `count` bytes as floats 0…255.
package func convertBytes(_ source: UnsafeRawPointer, to destination: UnsafeMutablePointer<Float>, count: Int) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    for i in 0..<count { destination[i] = Float(bytes[i]) }
}

/// Turns three planes of `pixels` bytes each into interleaved floats 0…255: [3, pixels] → [pixels, 3].
package func interleaveThreePlanes(_ source: UnsafeRawPointer, to destination: UnsafeMutablePointer<Float>, pixels: Int)
{
    let first = source.assumingMemoryBound(to: UInt8.self)
    let (second, third) = (first + pixels, first + 2 * pixels)
    for i in 0..<pixels {
        destination[3 * i] = Float(first[i])
        destination[3 * i + 1] = Float(second[i])
        destination[3 * i + 2] = Float(third[i])
    }
}

/// y = x · scale + shift, per channel of values whose last dimension is `channels`; in place is allowed.
///
/// `scale` and `shift` hold the channels' factors sixteen times over, so that whole vectors line up with them.
package func scaleAndShift(
    _ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, count: Int, channels: Int,
    scale: UnsafePointer<Float>, shift: UnsafePointer<Float>
) {
    let period = 16 * channels
    var done = 0
    var phase = 0
    while done + 16 <= count {
        (destination + done).vector16 = (source + done).vector16 * (scale + phase).vector16 + (shift + phase).vector16
        done += 16
        phase += 16
        if phase == period { phase = 0 }
    }
    for i in done..<count { destination[i] = source[i] * scale[i % channels] + shift[i % channels] }
}

/// Adds whole-number values 0…255 and their squares over `rows` rows: sums[i] += Σ x, squares[i] += Σ x², exactly.
///
/// At most 33,000 rows in all before the caller empties the 32-bit sums.
package func addLevels(
    _ source: UnsafePointer<Float>, rows: Int, rowLength: Int,
    sums: UnsafeMutablePointer<Int32>, squares: UnsafeMutablePointer<Int32>
) {
    for row in 0..<rows {
        let x = source + row * rowLength
        for i in 0..<rowLength {
            let level = Int32(x[i])
            sums[i] &+= level
            squares[i] &+= level &* level
        }
    }
}

/// Moves an image by (`down`, `right`) pixels and fills what is uncovered: [H, W, C] → [H, W, C].
package func shiftImage(
    _ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, h: Int, w: Int, c: Int,
    down: Int, right: Int, fill: Float
) {
    let (rowLength, distance) = (w * c, abs(right) * c)
    if abs(down) >= h || distance >= rowLength { return destination.update(repeating: fill, count: h * rowLength) }
    // What stays is moved as one run; then the values that came round the sides are covered.
    let offset = down * rowLength + right * c
    let first = max(0, offset)
    let end = h * rowLength + min(0, offset)
    (destination + first).update(from: source + first - offset, count: end - first)
    let rows = max(0, down)..<h + min(0, down)
    for i in 0..<rows.lowerBound * rowLength { destination[i] = fill }
    for i in rows.upperBound * rowLength..<h * rowLength { destination[i] = fill }
    let covered = right > 0 ? 0 : rowLength - distance
    for y in rows {
        let place = destination + y * rowLength + covered
        for i in 0..<distance { place[i] = fill }
    }
}

/// Moves an image by (`down`, `right`) pixels; what comes in is the image mirrored at its edges, whose own pixels are
/// not repeated: [H, W, C] → [H, W, C].
package func shiftReflectedImage(
    _ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, h: Int, w: Int, c: Int,
    down: Int, right: Int
) {
    let first = min(max(right, 0), w)
    let kept = first..<max(min(w + right, w), first)
    for y in 0..<h {
        let from = source + reflected(y - down, in: h) * w * c
        let to = destination + y * w * c
        if !kept.isEmpty {
            (to + kept.lowerBound * c).update(from: from + (kept.lowerBound - right) * c, count: kept.count * c)
        }
        for x in 0..<w where !kept.contains(x) {
            (to + x * c).update(from: from + reflected(x - right, in: w) * c, count: c)
        }
    }
}

/// Where a place beside 0..<`extent` comes from when everything is mirrored at the edges.
private func reflected(_ place: Int, in extent: Int) -> Int {
    if extent == 1 { return 0 }
    let period = 2 * (extent - 1)
    let remainder = ((place % period) + period) % period
    return min(remainder, period - remainder)
}

/// Mirrors an image left to right: [H, W, C] → [H, W, C].
package func mirrorImage(
    _ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, h: Int, w: Int, c: Int
) {
    for y in 0..<h {
        let (from, to) = (source + y * w * c, destination + y * w * c)
        switch c {
        case 1:
            for x in 0..<w { to[x] = from[w - 1 - x] }
        case 3:
            for x in 0..<w {
                let (a, b) = (3 * (w - 1 - x), 3 * x)
                (to[b], to[b + 1], to[b + 2]) = (from[a], from[a + 1], from[a + 2])
            }
        default:
            for x in 0..<w { (to + x * c).update(from: from + (w - 1 - x) * c, count: c) }
        }
    }
}

/// Turns an image upside down: [H, W, C] → [H, W, C].
package func invertImage(
    _ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, h: Int, w: Int, c: Int
) {
    for y in 0..<h { (destination + y * w * c).update(from: source + (h - 1 - y) * w * c, count: w * c) }
}

extension UnsafePointer<Float> {
    @inline(__always)
    fileprivate var vector16: SIMD16<Float> { UnsafeRawPointer(self).loadUnaligned(as: SIMD16<Float>.self) }
}

extension UnsafeMutablePointer<Float> {
    @inline(__always)
    fileprivate var vector16: SIMD16<Float> {
        get { UnsafeRawPointer(self).loadUnaligned(as: SIMD16<Float>.self) }
        nonmutating set { UnsafeMutableRawPointer(self).storeBytes(of: newValue, as: SIMD16<Float>.self) }
    }
}
