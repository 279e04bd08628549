/// Batch normalisation over rows [rows, channels], Ioffe and Szegedy 2015, with the statistics of the rows given (one
/// grain).
///
/// Every pass walks through memory once, in blocks of 64 rows that stay in the second-level cache while their channels
/// are taken in vectors of 16; the next block is fetched meanwhile.

/// Mean and biased variance of each channel, in one pass over memory.
///
/// Sums are taken about the mean of the first rows, so that the variance does not cancel, and in blocks of 64 rows.
package func batchStatistics(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafeMutablePointer<Float>,
    variance: UnsafeMutablePointer<Float>
) {
    // Until the end `mean` and `variance` hold the sums.
    mean.update(repeating: 0, count: channels)
    variance.update(repeating: 0, count: channels)
    forEachBlock(rows: rows, channels: channels) { block, c, width in
        let shift = columnShift(x + c, rows: min(rows, 16), stride: channels, width: width)
        var sum = Vector.zero
        var squares = Vector.zero
        for row in block {
            let p = x + row * channels + c
            prefetchNextBlock(p, channels)
            let d = loadLanes(p, width) - shift
            sum += d
            squares = squares.addingProduct(d, d)
        }
        addLanes(sum, to: mean + c, width)
        addLanes(squares, to: variance + c, width)
    }
    let n = Vector(repeating: Float(rows))
    for c in stride(from: 0, to: channels, by: 16) {
        let width = min(16, channels - c)
        let shift = columnShift(x + c, rows: min(rows, 16), stride: channels, width: width)
        let sum = loadLanes(mean + c, width)
        let offset = sum / n
        var v = (loadLanes(variance + c, width) - sum * offset) / n
        v.replace(with: 0, where: v .< Vector.zero)
        storeLanes(shift + offset, to: mean + c, width)
        storeLanes(v, to: variance + c, width)
    }
}

/// y = γ (x − mean) · inverse deviation + β, plus `other` if given, then max(0, y) where `rectify` says so.
package func normalize(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>,
    gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, adding other: UnsafePointer<Float>? = nil, rectify: Bool,
    into y: UnsafeMutablePointer<Float>
) {
    let floor = rectify ? Vector.zero : Vector(repeating: -.infinity)
    forEachBlock(rows: rows, channels: channels) { block, c, width in
        let factor = loadLanes(gamma + c, width) * loadLanes(inverseDeviation + c, width)
        let centre = loadLanes(mean + c, width)
        let shift = loadLanes(beta + c, width)
        for row in block {
            let index = row * channels + c
            prefetchNextBlock(x + index, channels)
            prefetchNextBlock(y + index, channels, for: .writing)
            var value = shift.addingProduct(loadLanes(x + index, width) - centre, factor)
            if let other {
                prefetchNextBlock(other + index, channels)
                value += loadLanes(other + index, width)
            }
            storeLanes(value.replacing(with: floor, where: value .< floor), to: y + index, width)
        }
    }
}

/// The gradient where a rectified output was positive, elsewhere 0, written to `masked`, which may be the gradient
/// itself.
package struct OutputMask {
    var output: UnsafePointer<Float>
    var masked: UnsafeMutablePointer<Float>

    package init(output: UnsafePointer<Float>, masked: UnsafeMutablePointer<Float>) {
        (self.output, self.masked) = (output, masked)
    }
}

/// Σ dy and Σ dy · x̂ of each channel, with x̂ = (x − mean) · inverse deviation and dy taken as 0 where the rectified
/// output was 0.
///
/// That is found from x, or where something was added to the output from `mask`.
package func normalizationSums(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, rectify: Bool,
    mask: OutputMask? = nil,
    sum: UnsafeMutablePointer<Float>, sumNormalized: UnsafeMutablePointer<Float>
) {
    let floor = rectify ? Vector.zero : Vector(repeating: -.infinity)
    sum.update(repeating: 0, count: channels)
    sumNormalized.update(repeating: 0, count: channels)
    forEachBlock(rows: rows, channels: channels) { block, c, width in
        let centre = loadLanes(mean + c, width)
        let inverse = loadLanes(inverseDeviation + c, width)
        let factor = loadLanes(gamma + c, width) * inverse
        let shift = loadLanes(beta + c, width)
        var total = Vector.zero
        var totalNormalized = Vector.zero
        for row in block {
            let index = row * channels + c
            prefetchNextBlock(x + index, channels)
            prefetchNextBlock(dy + index, channels)
            let d = loadLanes(x + index, width) - centre
            var active = shift.addingProduct(d, factor) .> floor
            if let mask {
                prefetchNextBlock(mask.output + index, channels)
                active = loadLanes(mask.output + index, width) .> Vector.zero
            }
            let g = Vector.zero.replacing(with: loadLanes(dy + index, width), where: active)
            if let mask { storeLanes(g, to: mask.masked + index, width) }
            total += g
            totalNormalized = totalNormalized.addingProduct(g, d * inverse)
        }
        addLanes(total, to: sum + c, width)
        addLanes(totalNormalized, to: sumNormalized + c, width)
    }
}

/// dx = γ · inverse deviation · (dy − Σdy / n − x̂ · Σ(dy x̂) / n); with `sums` nil (evaluation) dx = γ · inverse
/// deviation · dy.
///
/// - Parameter population: n, of how many values the sums and the statistics are; those given may be a part of them.
package func normalizationGradient(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, rectify: Bool,
    population: Int, sums: (sum: UnsafePointer<Float>, sumNormalized: UnsafePointer<Float>)?,
    into dx: UnsafeMutablePointer<Float>,
    accumulate: Bool
) {
    let floor = rectify ? Vector.zero : Vector(repeating: -.infinity)
    let n = Vector(repeating: Float(population))
    forEachBlock(rows: rows, channels: channels) { block, c, width in
        let centre = loadLanes(mean + c, width)
        let inverse = loadLanes(inverseDeviation + c, width)
        let factor = loadLanes(gamma + c, width) * inverse
        let shift = loadLanes(beta + c, width)
        let meanGradient = sums.map { loadLanes($0.sum + c, width) / n } ?? Vector.zero
        let slope = sums.map { inverse * loadLanes($0.sumNormalized + c, width) / n } ?? Vector.zero
        for row in block {
            let index = row * channels + c
            prefetchNextBlock(x + index, channels)
            prefetchNextBlock(dy + index, channels)
            prefetchNextBlock(dx + index, channels, for: .writing)
            let d = loadLanes(x + index, width) - centre
            let active = shift.addingProduct(d, factor) .> floor
            let g = Vector.zero.replacing(with: loadLanes(dy + index, width), where: active)
            var result = factor * (g - meanGradient - d * slope)
            if accumulate { result += loadLanes(dx + index, width) }
            storeLanes(result, to: dx + index, width)
        }
    }
}

/// The mean over a few rows: a cheap point near each column's mean.
@inline(__always)
private func columnShift(_ x: UnsafePointer<Float>, rows: Int, stride: Int, width: Int) -> Vector {
    var sum = Vector.zero
    for row in 0..<rows { sum += loadLanes(x + row * stride, width) }
    return sum / Vector(repeating: Float(max(rows, 1)))
}
