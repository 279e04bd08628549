import Foundation

/// Draws a chart as inline SVG in a `<figure>`; colours come from the page's style sheet.
package struct ChartDrawing {
    static let width = 640.0
    static let height = 270.0
    /// The rectangle that curves may fill.
    static let (left, right, top, bottom) = (62.0, 626.0, 28.0, 228.0)
    /// More points than this on one curve cannot be told apart.
    static let visiblePoints = 600

    private let chart: Chart
    private let horizontal: ChartAxis
    private let vertical: ChartAxis

    package init(_ chart: Chart) {
        self.chart = chart
        horizontal = ChartAxis(
            linear: chart.series.flatMap { $0.points.map(\.x) } + chart.markers.map(\.x),
            including: chart.horizontal == "epoch" ? [0, chart.lastEpoch] : [], count: 8,
            isExtended: false)
        vertical = ChartDrawing.verticalAxis(chart)
    }

    /// The figure: title, legend and picture, or a sentence when there is nothing to draw.
    package var html: String {
        var lines = ["<figure>", "<figcaption><h3>\(escaped(chart.title))</h3>\(legend)</figcaption>"]
        if chart.isEmpty {
            lines.append("<p class=\"empty\">Nothing measured yet.</p>")
        } else {
            let size = "\(Int(ChartDrawing.width)) \(Int(ChartDrawing.height))"
            lines.append("<svg viewBox=\"0 0 \(size)\" role=\"img\" aria-label=\"\(escaped(chart.title))\">")
            lines += grid
            lines += markers
            lines += curves
            lines.append("</svg>")
        }
        lines.append("</figure>")
        return lines.joined(separator: "\n")
    }

    private static func verticalAxis(_ chart: Chart) -> ChartAxis {
        if chart.series.contains(where: { $0.style == .stackedArea }) { return ChartAxis(linear: [0, 1]) }
        let values = chart.series.flatMap { $0.points.map(\.y) }.filter(\.isFinite)
        switch chart.scale {
        case .linear: return ChartAxis(linear: values)
        case .fromZero: return ChartAxis(linear: values, including: [0])
        case .logarithmic(let ratio):
            let low = values.filter { $0 > 0 }.min() ?? .infinity
            let isLogarithmic = values.allSatisfy { $0 >= 0 } && (values.max() ?? 0) >= ratio * low
            return isLogarithmic ? ChartAxis(logarithmic: values) : ChartAxis(linear: values, including: [0])
        }
    }

    private var legend: String {
        var keys: [String] = []
        if chart.series.count > 1 {
            keys = chart.series.map { "<span class=\"key c\($0.color)\">\(escaped($0.name))</span>" }
        }
        for kind in Set(chart.markers.map(\.kind)).sorted() {
            keys.append(
                "<span class=\"mark\"><svg viewBox=\"0 0 12 "
                    + "12\">\(symbol(kind, x: 6, y: 6))</svg>\(escaped(kind))</span>"
            )
        }
        return keys.isEmpty ? "" : "<div class=\"legend\">" + keys.joined() + "</div>"
    }

    private var grid: [String] {
        typealias D = ChartDrawing
        var lines: [String] = []
        for tick in vertical.ticks {
            let y = coordinate(verticalPosition(tick))
            lines.append(
                "<line class=\"grid\" x1=\"\(coordinate(D.left))\" x2=\"\(coordinate(D.right))\" y1=\"\(y)\" "
                    + "y2=\"\(y)\"/>"
            )
            lines.append(
                "<text class=\"tick end\" x=\"\(coordinate(D.left - 8))\" y=\"\(y)\" "
                    + "dy=\"0.32em\">\(verticalLabel(tick))</text>"
            )
        }
        let floor = coordinate(D.bottom)
        lines.append(
            "<line class=\"axis\" x1=\"\(coordinate(D.left))\" x2=\"\(coordinate(D.right))\" y1=\"\(floor)\" "
                + "y2=\"\(floor)\"/>"
        )
        for tick in horizontal.ticks {
            let x = coordinate(horizontalPosition(tick))
            lines.append(
                "<line class=\"axis\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(floor)\" y2=\"\(coordinate(D.bottom + 5))\"/>")
            lines.append(
                "<text class=\"tick middle\" x=\"\(x)\" "
                    + "y=\"\(coordinate(D.bottom + 19))\">\(horizontal.label(tick))</text>"
            )
        }
        lines.append(
            "<text class=\"name end\" x=\"\(coordinate(D.right))\" y=\"\(coordinate(D.bottom + 37))\">"
                + "\(escaped(chart.horizontal))</text>"
        )
        let unit = [chart.unit, vertical.isLogarithmic ? "logarithmic" : ""].filter { !$0.isEmpty }.joined(
            separator: ", ")
        if !unit.isEmpty { lines.append("<text class=\"name\" x=\"4\" y=\"10\">\(escaped(unit))</text>") }
        return lines
    }

    private func verticalLabel(_ tick: Double) -> String {
        chart.isPercent ? NumberText.significant(tick * 100, digits: 4) + " %" : vertical.label(tick)
    }

    private var markers: [String] {
        chart.markers.map { marker in
            let x = horizontalPosition(marker.x)
            let (top, bottom) = (coordinate(ChartDrawing.top), coordinate(ChartDrawing.bottom))
            let sign = symbol(marker.kind, x: marker.kind == "rollback" ? x - 9 : x, y: ChartDrawing.top - 7)
            let line = "<line x1=\"\(coordinate(x))\" x2=\"\(coordinate(x))\" y1=\"\(top)\" y2=\"\(bottom)\"/>"
            return "<g class=\"marker\">\(line)\(sign)<title>\(escaped(marker.text))</title></g>"
        }
    }

    /// A sign of about 10 × 10 units around (x, y): down for a decay, back for a rollback (which stands beside the
    /// decay of the same step), a diamond for the rest.
    private func symbol(_ kind: String, x: Double, y: Double) -> String {
        let corners: [(Double, Double)] =
            switch kind {
            case "decay": [(-5, -4), (5, -4), (0, 5)]
            case "rollback": [(4, -5), (4, 5), (-5, 0)]
            default: [(0, -5), (5, 0), (0, 5), (-5, 0)]
            }
        let points = corners.map { "\(coordinate(x + $0.0)),\(coordinate(y + $0.1))" }.joined(separator: " ")
        return "<polygon class=\"sign\" points=\"\(points)\"/>"
    }

    private var curves: [String] {
        if chart.series.contains(where: { $0.style == .stackedArea }) { return areas }
        return chart.series.flatMap { series in
            let points = series.points.thinned(to: ChartDrawing.visiblePoints)
            var lines = segments(points).map { segment in
                let corners = series.style == .steps ? steps(segment) : segment
                return "<polyline class=\"curve c\(series.color)\" points=\"\(pointList(corners))\"/>"
            }
            let isShort = points.count <= 1
            if (series.style == .dottedLine && points.count <= 120) || isShort {
                lines += points.filter { $0.y.isFinite }.map { dot($0, series) }
            }
            return lines
        }
    }

    private func dot(_ point: Chart.Point, _ series: Chart.Series) -> String {
        let (x, y) = (coordinate(horizontalPosition(point.x)), coordinate(verticalPosition(point.y)))
        let text =
            "\(series.name), \(chart.horizontal) \(NumberText.significant(point.x, digits: 4)): "
            + "\(NumberText.significant(point.y))"
        return
            "<circle class=\"dot c\(series.color)\" cx=\"\(x)\" cy=\"\(y)\" "
            + "r=\"3\"><title>\(escaped(text))</title></circle>"
    }

    /// Stacked areas, the first at the bottom; all series have the same x values.
    private var areas: [String] {
        guard let first = chart.series.first else { return [] }
        // Neighbours are averaged when there are too many, the same ones in all layers.
        let group = max(1, first.points.count / ChartDrawing.visiblePoints)
        let groups = stride(from: 0, to: first.points.count, by: group).map { $0..<min($0 + group, first.points.count) }
        var base: [Chart.Point] = []
        for range in groups {
            base.append(Chart.Point(base.last?.x ?? horizontal.lower, 0))
            base.append(Chart.Point(first.points[range.upperBound - 1].x, 0))
        }
        return chart.series.map { series in
            var upper = base
            for (index, range) in groups.enumerated() {
                let shares = series.points[range].map(\.y).filter(\.isFinite)
                let height = shares.isEmpty ? 0 : max(0, shares.reduce(0, +) / Double(shares.count))
                for corner in [2 * index, 2 * index + 1] { upper[corner].y = min(1, upper[corner].y + height) }
            }
            let polygon = pointList(upper + base.reversed())
            base = upper
            return "<polygon class=\"area c\(series.color)\" points=\"\(polygon)\"/>"
        }
    }

    /// The runs of points that can be drawn: a NaN leaves a gap.
    private func segments(_ points: [Chart.Point]) -> [[Chart.Point]] {
        points.split(whereSeparator: { !$0.y.isFinite }).map(Array.init)
    }

    /// The corners of a curve whose value has held since the point before, the first one since the start of the axis.
    private func steps(_ points: [Chart.Point]) -> [Chart.Point] {
        var result: [Chart.Point] = []
        for point in points {
            let start = result.last?.x ?? horizontal.lower
            if result.last?.y != point.y { result.append(Chart.Point(start, point.y)) }
            result.append(point)
        }
        return result
    }

    private func pointList(_ points: [Chart.Point]) -> String {
        points.map { "\(coordinate(horizontalPosition($0.x))),\(coordinate(verticalPosition($0.y)))" }.joined(
            separator: " ")
    }

    private func horizontalPosition(_ value: Double) -> Double {
        ChartDrawing.left + horizontal.position(of: value) * (ChartDrawing.right - ChartDrawing.left)
    }

    private func verticalPosition(_ value: Double) -> Double {
        ChartDrawing.bottom - vertical.position(of: max(value, vertical.lower))
            * (ChartDrawing.bottom - ChartDrawing.top)
    }

    private func coordinate(_ value: Double) -> String { String(format: "%.1f", value) }
}
