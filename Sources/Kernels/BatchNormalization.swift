/// Batch normalisation over rows [rows, channels], Ioffe and Szegedy 2015, with the statistics of the rows given (one grain).

/// Mean and biased variance of each channel, in one pass over memory.
///
/// Sums are taken about the mean of the first rows, so that the variance does not cancel, and in blocks of 64 rows.
public func batchStatistics(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafeMutablePointer<Float>,
    variance: UnsafeMutablePointer<Float>
) {
    var c = 0
    while c < channels {
        let width = min(16, channels - c)
        let shift = columnShift(x + c, rows: min(rows, 16), stride: channels, width: width)
        var sum = Vector.zero
        var squares = Vector.zero
        var row = 0
        while row < rows {
            let end = min(row + 64, rows)
            var blockSum = Vector.zero
            var blockSquares = Vector.zero
            while row < end {
                let d = loadLanes(x + row * channels + c, width) - shift
                blockSum += d
                blockSquares = blockSquares.addingProduct(d, d)
                row += 1
            }
            sum += blockSum
            squares += blockSquares
        }
        let n = Vector(repeating: Float(rows))
        let offset = sum / n
        var v = (squares - sum * offset) / n
        v.replace(with: 0, where: v .< Vector.zero)
        storeLanes(shift + offset, to: mean + c, width)
        storeLanes(v, to: variance + c, width)
        c += width
    }
}

/// y = γ (x − mean) · inverse deviation + β, then max(0, y) where `rectify` says so.
public func normalize(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>,
    gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, rectify: Bool, into y: UnsafeMutablePointer<Float>
) {
    let floor = rectify ? Vector.zero : Vector(repeating: -.infinity)
    var c = 0
    while c < channels {
        let width = min(16, channels - c)
        let factor = loadLanes(gamma + c, width) * loadLanes(inverseDeviation + c, width)
        let centre = loadLanes(mean + c, width)
        let shift = loadLanes(beta + c, width)
        for row in 0..<rows {
            let value = shift.addingProduct(loadLanes(x + row * channels + c, width) - centre, factor)
            storeLanes(value.replacing(with: floor, where: value .< floor), to: y + row * channels + c, width)
        }
        c += width
    }
}

/// Σ dy and Σ dy · x̂ of each channel, with x̂ = (x − mean) · inverse deviation and dy taken as 0 where the rectified output was 0.
public func normalizationSums(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, rectify: Bool,
    sum: UnsafeMutablePointer<Float>, sumNormalized: UnsafeMutablePointer<Float>
) {
    let floor = rectify ? Vector.zero : Vector(repeating: -.infinity)
    var c = 0
    while c < channels {
        let width = min(16, channels - c)
        let centre = loadLanes(mean + c, width)
        let inverse = loadLanes(inverseDeviation + c, width)
        let factor = loadLanes(gamma + c, width) * inverse
        let shift = loadLanes(beta + c, width)
        var total = Vector.zero
        var totalNormalized = Vector.zero
        var row = 0
        while row < rows {
            let end = min(row + 64, rows)
            var block = Vector.zero
            var blockNormalized = Vector.zero
            while row < end {
                let d = loadLanes(x + row * channels + c, width) - centre
                let active = shift.addingProduct(d, factor) .> floor
                let g = Vector.zero.replacing(with: loadLanes(dy + row * channels + c, width), where: active)
                block += g
                blockNormalized = blockNormalized.addingProduct(g, d * inverse)
                row += 1
            }
            total += block
            totalNormalized += blockNormalized
        }
        storeLanes(total, to: sum + c, width)
        storeLanes(totalNormalized, to: sumNormalized + c, width)
        c += width
    }
}

/// dx = γ · inverse deviation · (dy − Σdy / n − x̂ · Σ(dy x̂) / n); with `sums` nil (evaluation) dx = γ · inverse deviation · dy.
public func normalizationGradient(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, rectify: Bool,
    sums: (sum: UnsafePointer<Float>, sumNormalized: UnsafePointer<Float>)?, into dx: UnsafeMutablePointer<Float>,
    accumulate: Bool
) {
    let floor = rectify ? Vector.zero : Vector(repeating: -.infinity)
    let n = Vector(repeating: Float(rows))
    var c = 0
    while c < channels {
        let width = min(16, channels - c)
        let centre = loadLanes(mean + c, width)
        let inverse = loadLanes(inverseDeviation + c, width)
        let factor = loadLanes(gamma + c, width) * inverse
        let shift = loadLanes(beta + c, width)
        let meanGradient = sums.map { loadLanes($0.sum + c, width) / n } ?? Vector.zero
        let slope = sums.map { inverse * loadLanes($0.sumNormalized + c, width) / n } ?? Vector.zero
        for row in 0..<rows {
            let index = row * channels + c
            let d = loadLanes(x + index, width) - centre
            let active = shift.addingProduct(d, factor) .> floor
            let g = Vector.zero.replacing(with: loadLanes(dy + index, width), where: active)
            var result = factor * (g - meanGradient - d * slope)
            if accumulate { result += loadLanes(dx + index, width) }
            storeLanes(result, to: dx + index, width)
        }
        c += width
    }
}

/// The mean over a few rows: a cheap point near each column's mean.
@inline(__always)
private func columnShift(_ x: UnsafePointer<Float>, rows: Int, stride: Int, width: Int) -> Vector {
    var sum = Vector.zero
    for row in 0..<rows { sum += loadLanes(x + row * stride, width) }
    return sum / Vector(repeating: Float(max(rows, 1)))
}

/// Loads `width` ≤ 16 floats; the other lanes are 0.
@inline(__always)
func loadLanes(_ p: UnsafePointer<Float>, _ width: Int) -> Vector {
    if width == 16 { return p.vector(0) }
    var v = Vector.zero
    for k in 0..<width { v[k] = p[k] }
    return v
}

@inline(__always)
func storeLanes(_ v: Vector, to p: UnsafeMutablePointer<Float>, _ width: Int) {
    if width == 16 {
        p.store(v, 0)
    } else {
        for k in 0..<width { p[k] = v[k] }
    }
}
