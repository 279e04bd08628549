/// Batch normalisation over rows [rows, channels], Ioffe and Szegedy 2015, with the statistics of the rows given (one
/// grain).
///
/// Every pass walks through memory once.

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
    let pass = StatisticsPass(x: x, rows: rows, channels: channels, sum: mean, squares: variance)
    pass.run(rows: rows, channels: channels)
    let n = Vector(repeating: Float(rows))
    for c in stride(from: 0, to: channels, by: 16) {
        let width = min(16, channels - c)
        let sum = loadLanes(mean + c, width)
        let offset = sum / n
        var v = (loadLanes(variance + c, width) - sum * offset) / n
        v.replace(with: 0, where: v .< Vector.zero)
        storeLanes(pass.terms(c, width) + offset, to: mean + c, width)
        storeLanes(v, to: variance + c, width)
    }
}

/// Σ (x − shift) and Σ (x − shift)², with a cheap point near each channel's mean for the shift: that of a few rows.
private struct StatisticsPass: RowSumPass {
    let x: UnsafePointer<Float>
    let rows: Int
    let channels: Int
    let sum: UnsafeMutablePointer<Float>
    let squares: UnsafeMutablePointer<Float>

    var zero: VectorSums { VectorSums() }

    func terms(_ c: Int, _ width: Int) -> Vector {
        var sum = Vector.zero
        let some = min(rows, 16)
        for row in 0..<some { sum += loadLanes(x + row * channels + c, width) }
        return sum / Vector(repeating: Float(max(some, 1)))
    }

    @inline(__always)
    func add(_ place: VectorPlace, _ shift: Vector, to sums: inout VectorSums) {
        let d = loadLanes(x + place.index, place.width) - shift
        sums.add(d, d, d)
    }

    @inline(__always)
    func finish(_ c: Int, _ width: Int, _ sums: VectorSums) { sums.add(to: sum, squares, c, width) }
}

/// A sum and a sum of products for a vector of channels.
struct VectorSums: BitwiseCopyable {
    private var sum = Vector.zero
    private var product = Vector.zero

    @inline(__always)
    mutating func add(_ value: Vector, _ left: Vector, _ right: Vector) {
        sum += value
        product = product.addingProduct(left, right)
    }

    @inline(__always)
    func add(to sums: UnsafeMutablePointer<Float>, _ products: UnsafeMutablePointer<Float>, _ c: Int, _ width: Int) {
        addLanes(sum, to: sums + c, width)
        addLanes(product, to: products + c, width)
    }
}

/// What normalisation has for a matrix, and for a vector of its channels.
private struct ChannelTerms {
    var mean: UnsafePointer<Float>
    var inverseDeviation: UnsafePointer<Float>
    var gamma: UnsafePointer<Float>
    var beta: UnsafePointer<Float>

    struct Lanes: BitwiseCopyable {
        var centre: Vector
        var inverse: Vector
        /// γ · inverse deviation.
        var factor: Vector
        /// β.
        var shift: Vector
    }

    @inline(__always)
    func lanes(_ c: Int, _ width: Int) -> Lanes {
        let inverse = loadLanes(inverseDeviation + c, width)
        return Lanes(
            centre: loadLanes(mean + c, width), inverse: inverse, factor: loadLanes(gamma + c, width) * inverse,
            shift: loadLanes(beta + c, width))
    }
}

/// y = γ (x − mean) · inverse deviation + β, plus `other` if given, then max(0, y) where `rectify` says so.
package func normalize(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>,
    gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, adding other: UnsafePointer<Float>? = nil, rectify: Bool,
    into y: UnsafeMutablePointer<Float>
) {
    let pass = NormalizingPass(
        x: x, other: other,
        channelTerms: ChannelTerms(
            mean: mean, inverseDeviation: inverseDeviation, gamma: gamma, beta: beta),
        floor: rectify ? Vector.zero : Vector(repeating: -.infinity),
        output: WideOutput(y, rows: rows, channels: channels))
    pass.run(rows: rows, channels: channels)
    pass.output.finish()
}

private struct NormalizingPass: RowPass {
    let x: UnsafePointer<Float>
    let other: UnsafePointer<Float>?
    let channelTerms: ChannelTerms
    let floor: Vector
    let output: WideOutput

    @inline(__always)
    func terms(_ c: Int, _ width: Int) -> ChannelTerms.Lanes { channelTerms.lanes(c, width) }

    @inline(__always)
    func write(_ place: VectorPlace, _ terms: ChannelTerms.Lanes) {
        var value = terms.shift.addingProduct(loadLanes(x + place.index, place.width) - terms.centre, terms.factor)
        if let other { value += loadLanes(other + place.index, place.width) }
        output.store(value.replacing(with: floor, where: value .< floor), at: place)
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
    sum.update(repeating: 0, count: channels)
    sumNormalized.update(repeating: 0, count: channels)
    let pass = NormalizationSumsPass(
        x: x, dy: dy,
        channelTerms: ChannelTerms(
            mean: mean, inverseDeviation: inverseDeviation, gamma: gamma, beta: beta),
        floor: rectify ? Vector.zero : Vector(repeating: -.infinity), mask: mask, sum: sum,
        sumNormalized: sumNormalized)
    pass.run(rows: rows, channels: channels)
}

private struct NormalizationSumsPass: RowSumPass {
    let x: UnsafePointer<Float>
    let dy: UnsafePointer<Float>
    let channelTerms: ChannelTerms
    let floor: Vector
    let mask: OutputMask?
    let sum: UnsafeMutablePointer<Float>
    let sumNormalized: UnsafeMutablePointer<Float>

    var zero: VectorSums { VectorSums() }

    @inline(__always)
    func terms(_ c: Int, _ width: Int) -> ChannelTerms.Lanes { channelTerms.lanes(c, width) }

    @inline(__always)
    func add(_ place: VectorPlace, _ terms: ChannelTerms.Lanes, to sums: inout VectorSums) {
        let d = loadLanes(x + place.index, place.width) - terms.centre
        var active = terms.shift.addingProduct(d, terms.factor) .> floor
        if let mask { active = loadLanes(mask.output + place.index, place.width) .> Vector.zero }
        let g = Vector.zero.replacing(with: loadLanes(dy + place.index, place.width), where: active)
        if let mask { storeLanes(g, to: mask.masked + place.index, place.width) }
        sums.add(g, g, d * terms.inverse)
    }

    @inline(__always)
    func finish(_ c: Int, _ width: Int, _ sums: VectorSums) { sums.add(to: sum, sumNormalized, c, width) }
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
    let pass = NormalizationGradientPass(
        x: x, dy: dy,
        channelTerms: ChannelTerms(
            mean: mean, inverseDeviation: inverseDeviation, gamma: gamma, beta: beta),
        floor: rectify ? Vector.zero : Vector(repeating: -.infinity), sums: sums,
        population: Vector(repeating: Float(population)),
        output: WideOutput(dx, rows: rows, channels: channels, adds: accumulate))
    pass.run(rows: rows, channels: channels)
    pass.output.finish()
}

private struct NormalizationGradientPass: RowPass {
    let x: UnsafePointer<Float>
    let dy: UnsafePointer<Float>
    let channelTerms: ChannelTerms
    let floor: Vector
    let sums: (sum: UnsafePointer<Float>, sumNormalized: UnsafePointer<Float>)?
    let population: Vector
    let output: WideOutput

    struct Terms: BitwiseCopyable {
        var channels: ChannelTerms.Lanes
        var meanGradient = Vector.zero
        var slope = Vector.zero
    }

    @inline(__always)
    func terms(_ c: Int, _ width: Int) -> Terms {
        var terms = Terms(channels: channelTerms.lanes(c, width))
        if let sums {
            terms.meanGradient = loadLanes(sums.sum + c, width) / population
            terms.slope = terms.channels.inverse * loadLanes(sums.sumNormalized + c, width) / population
        }
        return terms
    }

    @inline(__always)
    func write(_ place: VectorPlace, _ terms: Terms) {
        let d = loadLanes(x + place.index, place.width) - terms.channels.centre
        let active = terms.channels.shift.addingProduct(d, terms.channels.factor) .> floor
        let g = Vector.zero.replacing(with: loadLanes(dy + place.index, place.width), where: active)
        output.store(terms.channels.factor * (g - terms.meanGradient - d * terms.slope), at: place)
    }
}
