/// Layer normalisation over rows [rows, columns], Ba, Kiros and Hinton 2016: each row has its own mean and deviation.
///
/// A row stays in the nearest cache while its sums are formed. It is taken in vectors of 16; the columns that are left
/// are taken in one whose other lanes are 0. The order of every sum depends on the shape alone.

/// Mean, 1 / √(variance + ε) and y = γ (x − mean) / √(variance + ε) + β of each row.
///
/// The variance is the biased one, Σ (x − mean)² / columns, taken about the rounded mean, so that it does not cancel.
/// - Parameters:
///   - affine: γ and β, [columns] each; nil for 1 and 0.
///   - mean: [rows], for backward; so is `inverseDeviation`.
package func normalizeRows(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, epsilon: Float,
    affine: (gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>)?, mean: UnsafeMutablePointer<Float>,
    inverseDeviation: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
    let row = RowLayout(columns)
    let gammaRest = affine.map { row.rest(of: $0.gamma) } ?? Vector(repeating: 1)
    let betaRest = affine.map { row.rest(of: $0.beta) } ?? Vector.zero
    for index in 0..<rows {
        let source = x + index * columns
        let target = y + index * columns
        let rest = row.rest(of: source)
        var sum = RowSum()
        for place in row.vectors { sum.add(source.vector(place)) }
        mean[index] = sum.total(with: rest) / row.count
        let centre = Vector(repeating: mean[index])
        var squares = RowSum()
        for place in row.vectors {
            let d = source.vector(place) - centre
            squares.add(d * d)
        }
        let d = (rest - centre) * row.isInRest
        inverseDeviation[index] = 1 / (squares.total(with: d * d) / row.count + epsilon).squareRoot()
        let inverse = Vector(repeating: inverseDeviation[index])
        if let affine {
            for place in row.vectors {
                let d = source.vector(place) - centre
                let factor = affine.gamma.vector(place) * inverse
                target.store(affine.beta.vector(place).addingProduct(d, factor), place)
            }
        } else {
            for place in row.vectors { target.store((source.vector(place) - centre) * inverse, place) }
        }
        row.storeRest(betaRest.addingProduct(d, gammaRest * inverse), to: target)
    }
}

/// Σ dy and Σ dy · x̂ over the rows, for each column, with x̂ = (x − mean) · inverse deviation.
///
/// They are the gradients of β and γ. Rows are added in blocks of 64 and the blocks' sums one after another, which
/// keeps rounding errors small.
package func rowNormalizationSums(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, columns: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, sum: UnsafeMutablePointer<Float>,
    sumNormalized: UnsafeMutablePointer<Float>
) {
    sum.update(repeating: 0, count: columns)
    sumNormalized.update(repeating: 0, count: columns)
    let pass = RowNormalizationSumsPass(
        x: x, dy: dy, mean: mean, inverseDeviation: inverseDeviation, sum: sum, sumNormalized: sumNormalized)
    pass.run(rows: rows, channels: columns)
}

private struct RowNormalizationSumsPass: RowSumPass {
    let x: UnsafePointer<Float>
    let dy: UnsafePointer<Float>
    let mean: UnsafePointer<Float>
    let inverseDeviation: UnsafePointer<Float>
    let sum: UnsafeMutablePointer<Float>
    let sumNormalized: UnsafeMutablePointer<Float>

    var zero: VectorSums { VectorSums() }

    func terms(_ c: Int, _ width: Int) {}

    @inline(__always)
    func add(_ place: VectorPlace, _ terms: Void, to sums: inout VectorSums) {
        let g = loadLanes(dy + place.index, place.width)
        let centred = loadLanes(x + place.index, place.width) - Vector(repeating: mean[place.row])
        sums.add(g, g, centred * Vector(repeating: inverseDeviation[place.row]))
    }

    @inline(__always)
    func finish(_ c: Int, _ width: Int, _ sums: VectorSums) { sums.add(to: sum, sumNormalized, c, width) }
}

/// dx = inverse deviation · (g − Σg / n − x̂ · Σ(g x̂) / n), with g = γ dy and sums over the n columns of a row.
///
/// It is added to what is there with `accumulate`.
///
/// - Parameter gamma: [columns]; nil for 1.
package func rowNormalizationGradient(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, columns: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, gamma: UnsafePointer<Float>?, into dx: UnsafeMutablePointer<Float>,
    accumulate: Bool
) {
    let row = RowLayout(columns)
    let one = Vector(repeating: 1)
    let gammaRest = gamma.map { row.rest(of: $0) } ?? one
    for index in 0..<rows {
        let source = x + index * columns
        let gradient = dy + index * columns
        let target = dx + index * columns
        let centre = Vector(repeating: mean[index])
        let inverse = Vector(repeating: inverseDeviation[index])
        let gRest = row.rest(of: gradient) * gammaRest
        let normalizedRest = (row.rest(of: source) - centre) * inverse
        var sum = RowSum()
        var sumNormalized = RowSum()
        for place in row.vectors {
            let g = gradient.vector(place) * (gamma?.vector(place) ?? one)
            sum.add(g)
            sumNormalized.add(g * ((source.vector(place) - centre) * inverse))
        }
        let meanGradient = Vector(repeating: sum.total(with: gRest) / row.count)
        let slope = Vector(repeating: sumNormalized.total(with: gRest * normalizedRest) / row.count)
        for place in row.vectors {
            let g = gradient.vector(place) * (gamma?.vector(place) ?? one)
            let normalized = (source.vector(place) - centre) * inverse
            let result = inverse * (g - meanGradient - normalized * slope)
            target.store(accumulate ? target.vector(place) + result : result, place)
        }
        let result = inverse * (gRest - meanGradient - normalizedRest * slope)
        row.storeRest(accumulate ? row.rest(of: UnsafePointer(target)) + result : result, to: target)
    }
}

/// How a row is cut into vectors and a rest of less than 16 columns.
private struct RowLayout {
    /// The number of columns.
    let count: Float
    /// Where the vectors begin.
    let vectors: StrideTo<Int>
    /// 1 in the lanes of the rest, 0 behind it.
    let isInRest: Vector
    private let whole: Int
    private let width: Int

    init(_ columns: Int) {
        count = Float(columns)
        whole = columns & ~15
        width = columns - whole
        vectors = stride(from: 0, to: whole, by: 16)
        var lanes = Vector.zero
        for lane in 0..<width { lanes[lane] = 1 }
        isInRest = lanes
    }

    @inline(__always)
    func rest(of row: UnsafePointer<Float>) -> Vector { loadLanes(row + whole, width) }

    @inline(__always)
    func storeRest(_ value: Vector, to row: UnsafeMutablePointer<Float>) { storeLanes(value, to: row + whole, width) }
}

/// A sum over a row: vector i goes to sum i mod 4, so that an addition need not wait for the one before.
private struct RowSum {
    private var sums = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)

    @inline(__always)
    mutating func add(_ value: Vector) { sums = (sums.1, sums.2, sums.3, sums.0 + value) }

    /// All lanes added, with those of the row's rest.
    @inline(__always)
    func total(with rest: Vector) -> Float { ((sums.0 + sums.1) + (sums.2 + sums.3) + rest).laneSum }
}
