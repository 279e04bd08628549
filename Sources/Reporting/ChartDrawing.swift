import Foundation

/// Draws a chart as a `<figure>`.
///
/// Curves are an SVG that is stretched to whatever room there is, with strokes that keep their width; labels are text
/// around it, which keeps its size. The numbers that the page's script shows and zooms by stand in `data-` attributes.
package struct ChartDrawing {
    /// The side of the square that curves are drawn in, from its upper left corner.
    static let side = 10_000.0
    /// More points than this on one curve cannot be told apart.
    static let visiblePoints = 600

    private let chart: Chart
    let horizontal: ChartAxis
    let vertical: ChartAxis

    package init(_ chart: Chart) {
        self.chart = chart
        horizontal = ChartAxis(
            linear: chart.series.flatMap { $0.points.map(\.x) } + chart.markers.map(\.x),
            including: chart.isOverEpochs ? [0, chart.lastEpoch] : [], count: 8,
            isExtended: false)
        vertical = ChartDrawing.verticalAxis(chart)
    }

    /// The same with other values on its vertical axis, those of a chart beside it.
    init(_ chart: Chart, beside values: [Double]) {
        var chart = chart
        chart.sharedValues = values
        self.init(chart)
    }

    /// The figure: title, legend and picture, or a sentence when there is nothing to draw.
    package var html: String {
        var lines = [
            "<figure class=\"chart\">", "<figcaption><h3>\(escaped(chart.title))</h3>\(legend)</figcaption>",
        ]
        if chart.isEmpty {
            lines.append("<p class=\"empty\">Nothing measured yet.</p>")
        } else {
            let side = Int(ChartDrawing.side)
            lines.append(opening)
            lines.append("<svg viewBox=\"0 0 \(side) \(side)\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")
            lines.append(grid)
            lines += chart.markers.map { "<path class=\"decision\" d=\"M\(across($0.x)) 0v\(side)\"/>" }
            lines += ChartCurves(chart, across: across, down: down, floor: horizontal.lower).svg
            lines += ["</svg>", labels, signs, "</div>"]
        }
        lines.append("</figure>")
        return lines.joined(separator: "\n")
    }

    private static func verticalAxis(_ chart: Chart) -> ChartAxis {
        if chart.isStacked { return ChartAxis(linear: [0, 1]) }
        let values = chart.values + chart.sharedValues
        switch chart.scale {
        case .linear: return ChartAxis(linear: values)
        case .fromZero: return ChartAxis(linear: values, including: [0])
        case .logarithmic(let ratio):
            let low = values.filter { $0 > 0 }.min() ?? .infinity
            let isLogarithmic = values.allSatisfy { $0 >= 0 } && (values.max() ?? 0) >= ratio * low
            return isLogarithmic ? ChartAxis(logarithmic: values) : ChartAxis(linear: values, including: [0])
        }
    }

    /// The tag of what can be pointed at and zoomed. Charts of one group are zoomed together.
    private var opening: String {
        let ends = chart.series.compactMap { series in
            series.points.last { $0.y.isFinite }.map { "\(series.name) \(shown($0.y))" }
        }
        let scale = vertical.isLogarithmic ? "logarithmic" : chart.isStacked ? "stacked" : "linear"
        return "<div class=\"plot\" tabindex=\"0\" role=\"group\" aria-roledescription=\"chart\" "
            + "aria-label=\"\(escaped("\(chart.title), last values: \(ends.joined(separator: ", "))"))\" "
            + "data-group=\"\(escaped(chart.isOverEpochs ? "epochs" : chart.title))\" "
            + "data-horizontal=\"\(escaped(chart.horizontal))\" "
            + "data-x=\"\(exact(horizontal.lower)) \(exact(horizontal.upper))\" "
            + "data-y=\"\(exact(vertical.lower)) \(exact(vertical.upper))\" data-scale=\"\(scale)\""
            + (chart.isPercent ? " data-percent>" : ">")
    }

    private func shown(_ value: Double) -> String {
        chart.isPercent
            ? NumberText.significant(value * 100, digits: 4) + " %" : NumberText.significant(value, digits: 4)
    }

    private var legend: String {
        var keys: [String] = []
        if chart.series.count > 1, chart.hasLegend {
            keys = chart.series.map { "<span class=\"key \($0.classes)\">\(escaped($0.name))</span>" }
        }
        for kind in Set(chart.markers.map(\.kind)).sorted() {
            keys.append("<span class=\"mark\">\(symbol(kind))\(escaped(kind))</span>")
        }
        return keys.isEmpty ? "" : "<div class=\"legend\">" + keys.joined() + "</div>"
    }

    private var grid: String {
        let side = Int(ChartDrawing.side)
        let lines = vertical.ticks.map { "M0 \(down($0))h\(side)" }.joined()
        return "<path class=\"grid\" d=\"\(lines)\"/>\n<path class=\"axis\" d=\"M0 \(side)h\(side)\"/>"
    }

    private var labels: String {
        let rows = vertical.ticks.map { tick in
            "<span style=\"top:\(percent(1 - vertical.position(of: tick)))\">\(verticalLabel(tick))</span>"
        }
        let columns = horizontal.ticks.map { tick in
            "<span style=\"left:\(percent(horizontal.position(of: tick)))\">\(horizontal.label(tick))</span>"
        }
        let unit = [chart.unit, vertical.isLogarithmic ? "logarithmic" : ""].filter { !$0.isEmpty }
            .joined(separator: ", ")
        return "<div class=\"rows\" aria-hidden=\"true\">\(rows.joined())</div>\n"
            + "<div class=\"columns\" aria-hidden=\"true\">\(columns.joined())</div>\n"
            + (unit.isEmpty ? "" : "<span class=\"unit\">\(escaped(unit))</span>")
            + "<span class=\"across\">\(escaped(chart.horizontal))</span>"
    }

    func verticalLabel(_ tick: Double) -> String {
        chart.isPercent ? NumberText.significant(tick * 100, digits: 4) + " %" : vertical.label(tick)
    }

    /// The signs of the decisions, above their lines.
    private var signs: String {
        chart.markers.map { marker in
            let place = percent(horizontal.position(of: marker.x))
            return "<span class=\"sign \(marker.kind == "rollback" ? "beside" : "")\" data-at=\"\(exact(marker.x))\" "
                + "style=\"left:\(place)\" title=\"\(escaped(marker.text))\">\(symbol(marker.kind))</span>"
        }.joined()
    }

    /// Down for a decay, back for a rollback (which stands beside the decay of the same step), a diamond for the rest.
    private func symbol(_ kind: String) -> String {
        let corners =
            switch kind {
            case "decay": "1,2 11,2 6,11"
            case "rollback": "10,1 10,11 1,6"
            default: "6,1 11,6 6,11 1,6"
            }
        return "<svg class=\"symbol\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><polygon points=\"\(corners)\"/></svg>"
    }

    private func across(_ value: Double) -> Int {
        Int((horizontal.position(of: value) * ChartDrawing.side).rounded())
    }

    private func down(_ value: Double) -> Int {
        Int(((1 - vertical.position(of: max(value, vertical.lower))) * ChartDrawing.side).rounded())
    }

    private func percent(_ share: Double) -> String { "\((share * 10_000).rounded() / 100)%" }

    private func exact(_ value: Double) -> String { "\(value)" }
}
