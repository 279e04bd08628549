/// Resamples a picture of samples of 8 bits to floats 0…255: [h, w, C] → [H, W, C].
///
/// Rows are mixed first, those that a row of the result needs, then the mixed row's columns; so one row of floats is
/// all that lies between. Each sum runs over its weights in their order, in single precision and rounded once a term.
///
/// - Parameters:
///   - w, c: of the source.
///   - outside: what pixels of the result become that an axis does not cover.
///   - row: holds ⟨columns.sources.count · c + 1⟩ floats.
///   - destination: [height, width, c]
package func resamplePicture(
    _ source: UnsafePointer<UInt8>, w: Int, c: Int, rows: ResamplingAxis, columns: ResamplingAxis, outside: Float,
    row: UnsafeMutablePointer<Float>, to destination: UnsafeMutablePointer<Float>, height: Int, width: Int
) {
    resample(
        source, w: w, c: c, rows: rows, columns: columns, outside: outside, row: row, to: destination, height: height,
        width: width)
}

/// The same of samples of 16 bits, v / 257.
package func resamplePicture(
    _ source: UnsafePointer<UInt16>, w: Int, c: Int, rows: ResamplingAxis, columns: ResamplingAxis, outside: Float,
    row: UnsafeMutablePointer<Float>, to destination: UnsafeMutablePointer<Float>, height: Int, width: Int
) {
    resample(
        source, w: w, c: c, rows: rows, columns: columns, outside: outside, row: row, to: destination, height: height,
        width: width)
}

/// The same of floats, on whatever scale.
package func resamplePicture(
    _ source: UnsafePointer<Float>, w: Int, c: Int, rows: ResamplingAxis, columns: ResamplingAxis, outside: Float,
    row: UnsafeMutablePointer<Float>, to destination: UnsafeMutablePointer<Float>, height: Int, width: Int
) {
    resample(
        source, w: w, c: c, rows: rows, columns: columns, outside: outside, row: row, to: destination, height: height,
        width: width)
}

/// What a picture's values are stored as.
private protocol ResampledValue {
    var float: Float { get }
    static var isOf16Bits: Bool { get }
}

extension UInt8: ResampledValue {
    fileprivate var float: Float { Float(self) }
    fileprivate static var isOf16Bits: Bool { false }
}

extension UInt16: ResampledValue {
    fileprivate var float: Float { Float(self) }
    fileprivate static var isOf16Bits: Bool { true }
}

extension Float: ResampledValue {
    fileprivate var float: Float { self }
    fileprivate static var isOf16Bits: Bool { false }
}

@inline(__always)
private func resample<Sample: ResampledValue>(
    _ source: UnsafePointer<Sample>, w: Int, c: Int, rows: ResamplingAxis, columns: ResamplingAxis, outside: Float,
    row: UnsafeMutablePointer<Float>, to destination: UnsafeMutablePointer<Float>, height: Int, width: Int
) {
    let (above, below) = (rows.covered.lowerBound, rows.covered.upperBound)
    destination.update(repeating: outside, count: above * width * c)
    (destination + below * width * c).update(repeating: outside, count: (height - below) * width * c)
    let mixed = columns.sources.count * c
    row[mixed] = 0  // read with the last pixel, and not used
    for y in rows.covered {
        let index = y - above
        let weights = rows.offsets[index]..<rows.offsets[index + 1]
        let first = source + (rows.starts[index] * w + columns.sources.lowerBound) * c
        mixRows(first, stride: w * c, weights: rows.weights, weights, to: row, count: mixed)
        let place = destination + y * width * c
        let (left, right) = (columns.covered.lowerBound * c, columns.covered.upperBound * c)
        if c == 3 {
            mixColumns3(row, columns, to: place + left)
        } else {
            mixColumns(row, c: c, columns, to: place + left)
        }
        place.update(repeating: outside, count: left)
        (place + right).update(repeating: outside, count: width * c - right)
    }
}

/// row[i] = Σ weight · source[i] over rows that follow each other, on the scale 0…255.
@inline(__always)
private func mixRows<Sample: ResampledValue>(
    _ source: UnsafePointer<Sample>, stride: Int, weights: [Float], _ range: Range<Int>,
    to row: UnsafeMutablePointer<Float>, count: Int
) {
    var place = source
    let first = weights[range.lowerBound]
    for i in 0..<count { row[i] = first * place[i].float }
    var next = range.lowerBound + 1
    // Two at a time, in the order of one at a time: the row is read and written half as often.
    while next + 1 < range.upperBound {
        let (a, b) = (weights[next], weights[next + 1])
        let (one, other) = (place + stride, place + 2 * stride)
        for i in 0..<count { row[i] = row[i].addingProduct(a, one[i].float).addingProduct(b, other[i].float) }
        place = other
        next += 2
    }
    if next < range.upperBound {
        let a = weights[next]
        place += stride
        for i in 0..<count { row[i] = row[i].addingProduct(a, place[i].float) }
    }
    if Sample.isOf16Bits {
        for i in 0..<count { row[i] /= 257 }
    }
}

/// A pixel of three channels is a vector of four floats, whose last is the next pixel's.
private func mixColumns3(
    _ row: UnsafePointer<Float>, _ columns: ResamplingAxis, to destination: UnsafeMutablePointer<Float>
) {
    let offset = columns.sources.lowerBound
    columns.weights.withUnsafeBufferPointer { weights in
        for x in 0..<columns.covered.count {
            var place = row + 3 * (columns.starts[x] - offset)
            var sum = SIMD4<Float>()
            for index in columns.offsets[x]..<columns.offsets[x + 1] {
                let pixel = UnsafeRawPointer(place).loadUnaligned(as: SIMD4<Float>.self)
                sum = sum.addingProduct(pixel, SIMD4(repeating: weights[index]))
                place += 3
            }
            let to = destination + 3 * x
            (to[0], to[1], to[2]) = (sum[0], sum[1], sum[2])
        }
    }
}

private func mixColumns(
    _ row: UnsafePointer<Float>, c: Int, _ columns: ResamplingAxis, to destination: UnsafeMutablePointer<Float>
) {
    let offset = columns.sources.lowerBound
    for x in 0..<columns.covered.count {
        let place = row + c * (columns.starts[x] - offset)
        for channel in 0..<c {
            var sum: Float = 0
            for (tap, index) in (columns.offsets[x]..<columns.offsets[x + 1]).enumerated() {
                sum = sum.addingProduct(columns.weights[index], place[tap * c + channel])
            }
            destination[x * c + channel] = sum
        }
    }
}
