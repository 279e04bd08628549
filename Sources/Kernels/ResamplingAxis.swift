/// How the pixels of one axis become those of another: antialiased bilinear interpolation, whose triangle grows with
/// the reduction.
///
/// A pixel of the result has its middle at c = from + (i + ½) · s, s = length / count, in pixels of the source. It is
/// Σ w · x over the source's pixels j with |j + ½ − c| < r, r = max(s, 1), with w = 1 − |j + ½ − c| / r, divided by
/// their sum. That is the geometry of Pillow's `resize(BILINEAR, box=…)` (Pillow's Resample.c), without rounding
/// between its passes. Pixels of the result whose middle lies outside the source have no weights.
///
/// By +, −, × and ÷ in double precision, so that every machine computes the same bits.
package struct ResamplingAxis: Sendable {
    /// Pixels of the result that have weights.
    package private(set) var covered = 0..<0
    /// The first pixel of the source that each of those takes.
    package private(set) var starts: [Int] = []
    /// Where its weights begin in ``weights``, and where the last one's end.
    package private(set) var offsets: [Int] = []
    package private(set) var weights: [Float] = []
    private var raw: [Double] = []

    package init() {}

    /// The source's pixels that any pixel of the result takes.
    package private(set) var sources = 0..<0

    /// Lays out the axis; takes memory when it is longer than all before.
    ///
    /// - Parameters:
    ///   - range: pixels of the result that the window becomes.
    ///   - from: where the window begins, in pixels of the source; may lie before them.
    ///   - length: of the window, above 0.
    ///   - count: pixels of the source.
    package mutating func lay(_ range: Range<Int>, from: Double, length: Double, count: Int) {
        starts.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
        sources = 0..<0
        let step = length / Double(range.count)
        let reach = max(step, 1)
        var first: Int?
        for index in range {
            let middle = from + (Double(index - range.lowerBound) + 0.5) * step
            if middle < 0 || middle > Double(count) {
                if first == nil { continue }
                break
            }
            if first == nil { first = index }
            // Rounds as Pillow does: towards 0, and so up where what is below 0 is cut off anyway.
            let start = max(Int(middle - reach + 0.5), 0)
            let end = max(min(Int(middle + reach + 0.5), count), start + 1)
            starts.append(start)
            offsets.append(weights.count)
            weigh(start..<end, middle: middle, reach: reach)
            sources = sources.isEmpty ? start..<end : sources.lowerBound..<max(sources.upperBound, end)
        }
        offsets.append(weights.count)
        let lower = first ?? range.lowerBound
        covered = lower..<lower + starts.count
    }

    private mutating func weigh(_ pixels: Range<Int>, middle: Double, reach: Double) {
        raw.removeAll(keepingCapacity: true)
        var sum = 0.0
        for pixel in pixels {
            let weight = max(0, 1 - (Double(pixel) - middle + 0.5).magnitude / reach)
            raw.append(weight)
            sum += weight
        }
        for weight in raw { weights.append(Float(weight / sum)) }
    }
}
