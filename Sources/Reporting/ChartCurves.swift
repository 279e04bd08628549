import Foundation

/// The curves of a chart as SVG, each in a group that names it and has its values.
struct ChartCurves {
    /// More dots on one curve run into each other.
    static let mostDots = 40
    /// More steps of areas are a flicker.
    private static let mostSteps = 120

    private let chart: Chart
    /// Where values lie in the drawing.
    private let across: (Double) -> Int
    private let down: (Double) -> Int
    /// Where the horizontal axis begins.
    private let floor: Double

    init(
        _ chart: Chart, across: @escaping (Double) -> Int, down: @escaping (Double) -> Int, floor: Double
    ) {
        self.chart = chart
        self.across = across
        self.down = down
        self.floor = floor
    }

    var svg: [String] { chart.isStacked ? areas : chart.series.map(curve) }

    private func group(_ series: Chart.Series, _ points: [Chart.Point], _ shapes: [String]) -> String {
        let rounded = { (value: Double) in value.rounded(toDigits: 5).short }
        return "<g class=\"\(series.classes)\" data-name=\"\(escaped(series.name))\" "
            + "data-x=\"\(points.map { rounded($0.x) }.joined(separator: " "))\" "
            + "data-y=\"\(points.map { rounded($0.y) }.joined(separator: " "))\">\(shapes.joined())</g>"
    }

    private func curve(_ series: Chart.Series) -> String {
        let points = series.points.thinned(to: ChartDrawing.visiblePoints)
        // A NaN leaves a gap.
        let segments = points.split(whereSeparator: { !$0.y.isFinite }).map(Array.init)
        var shapes = series.spans.map { span in
            let corners = span.map { Chart.Point($0.x, $0.upper) } + span.reversed().map { Chart.Point($0.x, $0.lower) }
            return "<polygon class=\"spread\" points=\"\(pointList(corners))\"/>"
        }
        shapes += segments.map { segment in
            let corners = series.style == .steps ? steps(segment) : segment
            return "<polyline class=\"curve\" points=\"\(pointList(corners))\"/>"
        }
        let hasDots = series.style == .dottedLine && points.count <= ChartCurves.mostDots || points.count <= 1
        if hasDots {
            // A line of no length with round ends stays round however the drawing is stretched.
            let dots = points.filter { $0.y.isFinite }.map { "M\(across($0.x)) \(down($0.y))h0" }
            shapes.append("<path class=\"dots\" d=\"\(dots.joined())\"/>")
        }
        return group(series, points, shapes)
    }

    /// Stacked areas, the first at the bottom; all series have the same x values.
    private var areas: [String] {
        guard let first = chart.series.first else { return [] }
        // Neighbours are averaged when there are too many, the same ones in all layers.
        let size = max(1, first.points.count / ChartCurves.mostSteps)
        let groups = stride(from: 0, to: first.points.count, by: size).map { $0..<min($0 + size, first.points.count) }
        var base: [Chart.Point] = []
        for range in groups {
            base.append(Chart.Point(base.last?.x ?? floor, 0))
            base.append(Chart.Point(first.points[range.upperBound - 1].x, 0))
        }
        return chart.series.map { series in
            var upper = base
            var means: [Chart.Point] = []
            for (index, range) in groups.enumerated() {
                let shares = series.points[range].map(\.y).filter(\.isFinite)
                let height = shares.isEmpty ? 0 : max(0, shares.reduce(0, +) / Double(shares.count))
                for corner in [2 * index, 2 * index + 1] { upper[corner].y = min(1, upper[corner].y + height) }
                means.append(Chart.Point(upper[2 * index + 1].x, height))
            }
            let polygon = pointList(upper + base.reversed())
            base = upper
            return group(series, means, ["<polygon class=\"area\" points=\"\(polygon)\"/>"])
        }
    }

    /// The corners of a curve whose value has held since the point before, the first one since the start of the axis.
    private func steps(_ points: [Chart.Point]) -> [Chart.Point] {
        var result: [Chart.Point] = []
        for point in points {
            let start = result.last?.x ?? floor
            if result.last?.y != point.y { result.append(Chart.Point(start, point.y)) }
            result.append(point)
        }
        return result
    }

    private func pointList(_ points: [Chart.Point]) -> String {
        points.map { "\(across($0.x)),\(down($0.y))" }.joined(separator: " ")
    }
}

extension Double {
    /// The nearest number of so many significant digits.
    fileprivate func rounded(toDigits digits: Int) -> Double {
        guard isFinite, self != 0 else { return self }
        let places = digits - 1 - Int(log10(abs(self)).rounded(.down))
        // A power of ten with a negative exponent is no exact number: its inverse is.
        let power = pow(10, Double(abs(places)))
        return places >= 0 ? (self * power).rounded() / power : (self / power).rounded() * power
    }

    /// Whole numbers without a fraction.
    fileprivate var short: String { abs(self) < 1e15 && self == rounded() ? "\(Int(self))" : description }
}
