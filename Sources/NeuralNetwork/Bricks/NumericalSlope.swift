import Foundation

/// The derivative of a function of single precision at a point, from values of the function alone.
///
/// Central differences over distances h, h/2, h/4, … are extrapolated to 0 (Richardson 1911; the table and the choice
/// of its entry by estimated errors: Ridders 1982). Large distances keep rounding small, the extrapolation takes the
/// bend away, and a kink within a distance shows in the estimate, so that smaller distances are preferred.
package struct NumericalSlope: Equatable, Sendable {
    /// NaN where no value near the point is finite.
    package let derivative: Double
    /// How far it may be off, estimated: the scatter of the table and the rounding of the function's values.
    package let error: Double
    /// The part of ``error`` that is rounding.
    package let rounding: Double

    /// Where a function has no derivative.
    package enum Roughness: Equatable, Sendable {
        /// The slopes on both sides.
        case kink(left: Double, right: Double)
        /// The values on both sides.
        case jump(below: Double, above: Double)
    }

    /// - Parameters:
    ///   - largest: the first distance; a power of two keeps the points exact.
    ///   - levels: how often it is halved.
    ///   - noise: how far the function's values may be off near the point, at least half a digit of single precision.
    package init(at x: Float, largest: Float, levels: Int = 13, noise: Double, _ function: (Float) -> Double) {
        var table: [[Double]] = []
        var best = (derivative: Double.nan, error: Double.infinity, rounding: Double.infinity)
        for level in 0..<levels {
            let distance = largest / Float(1 << level)
            let (left, right) = (x - distance, x + distance)
            guard right > left else { break }
            let (low, high) = (function(left), function(right))
            let width = Double(right) - Double(left)
            var row = [(high - low) / width]
            guard row[0].isFinite else {
                table = []  // the distance leaves the function's domain
                continue
            }
            let blur = 2 * max(noise, 0x1p-24 * max(abs(low), abs(high))) / width
            if let before = table.last {
                var factor = 1.0
                for column in before.indices {
                    factor *= 4
                    row.append((factor * row[column] - before[column]) / (factor - 1))
                    let scatter = max(abs(row[column + 1] - row[column]), abs(row[column + 1] - before[column]))
                    if scatter + blur < best.error { best = (row[column + 1], scatter + blur, blur) }
                }
            }
            table.append(row)
        }
        (derivative, error, self.rounding) = best
    }

    /// How far a function's values near a point scatter: from the fourth differences of values close together, in which
    /// nothing is left of a smooth function (Hamming 1962; Moré and Wild 2011). Their median, so that a kink does not
    /// count.
    ///
    /// - Parameter step: from value to value; a second time 128 times as far, since values closer than the digits of
    ///   single precision do not scatter.
    package static func noise(at x: Float, step: Float, _ function: (Float) -> Double) -> Double {
        let scatter = [step, 128 * step].map { step in
            var differences = (-8...8).map { function(x + Float($0) * step) }
            for _ in 0..<4 { differences = zip(differences, differences.dropFirst()).map { $1 - $0 } }
            let sizes = differences.map { abs($0) }.sorted()
            // √70 is the fourth difference of scatter 1, and 0.67 the median of what is normally distributed.
            return sizes[sizes.count / 2] / (70.0.squareRoot() * 0.67)
        }
        return scatter.filter(\.isFinite).max() ?? 0
    }

    /// Whether a function bends sharply or jumps within `reach` of a point; nil where it does not, or can't be seen to.
    ///
    /// The slopes of eight neighbouring pieces are compared: those of a smooth function change about equally from piece
    /// to piece, those of a kink at one place alone. A jump stays as high when the piece around it is halved.
    package static func roughness(
        at x: Float, within reach: Float, noise: Double, _ function: (Float) -> Double
    ) -> Roughness? {
        let points = (-4...4).map { x + reach * Float($0) / 4 }
        guard zip(points, points.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        let values = points.map(function)
        guard values.allSatisfy(\.isFinite) else { return nil }
        let widths = zip(points, points.dropFirst()).map { Double($1) - Double($0) }
        let slopes = widths.indices.map { (values[$0 + 1] - values[$0]) / widths[$0] }
        let bends = zip(slopes, slopes.dropFirst()).map { abs($1 - $0) }
        let largest = values.map { abs($0) }.max() ?? 0
        let blur = 8 * max(2 * noise, 0x1p-23 * largest) / (widths.min() ?? 1)
        let usual = bends.sorted()[bends.count / 2]
        guard let sharpest = bends.max(), sharpest > blur + 8 * usual else { return nil }
        let piece = slopes.indices.max { abs(values[$0 + 1] - values[$0]) < abs(values[$1 + 1] - values[$1]) } ?? 0
        if let jump = jump(from: points[piece], to: points[piece + 1], function) { return jump }
        // Just beyond both ends, because the kink may lie in a piece at an end.
        func slope(_ from: Float, _ to: Float) -> Double {
            (function(to) - function(from)) / (Double(to) - Double(from))
        }
        return .kink(
            left: slope(points[0] - reach / 4, points[0]), right: slope(points[8], points[8] + reach / 4))
    }

    /// What a function leaps over between two points; nil where its change shrinks with their distance.
    private static func jump(from start: Float, to end: Float, _ function: (Float) -> Double) -> Roughness? {
        var (low, high) = (start, end)
        let whole = abs(function(end) - function(start))
        for _ in 0..<12 {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { break }
            let value = function(middle)
            if abs(value - function(low)) > abs(function(high) - value) { high = middle } else { low = middle }
        }
        let (below, above) = (function(low), function(high))
        return abs(above - below) > whole / 2 ? .jump(below: below, above: above) : nil
    }
}
