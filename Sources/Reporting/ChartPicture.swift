import Foundation
import System

/// Charts in rows with one legend, as a PNG picture: for slides and pages that show no charts of their own.
package struct ChartPicture {
    /// Of a chart with its labels, in pixels.
    private static let panelWidth = 760
    private static let panelHeight = 410
    private static let margin = 20
    /// Room around the curves for titles and labels.
    private static let (left, right, top, bottom) = (92, 24, 44, 58)

    private static let ink: Raster.Color = (27, 30, 35)
    private static let soft: Raster.Color = (90, 97, 107)
    private static let rule: Raster.Color = (226, 227, 231)

    let title: String
    let legend: [ChartLegend.Key]
    /// A row of charts each; those of a row stand side by side.
    let rows: [[Chart]]

    /// A chart alone, with its series' names as legend.
    package init(_ chart: Chart) {
        self.init(title: "", legend: ChartLegend(chart.series.map(\.name)).keys, rows: [[chart]])
    }

    init(title: String, legend: [ChartLegend.Key], rows: [[Chart]]) {
        (self.title, self.legend, self.rows) = (title, legend, rows)
    }

    /// Writes the PNG file; its folder is made where there is none. Throws ``ReportingError``, ``LookFileError``.
    package func write(to path: String, option: String = "--out") throws {
        try LookFiles.prepare(file: path, option: option)
        let bytes = try png()
        do { try AtomicFile.write(bytes: Array(bytes), to: path, isDurable: false) } catch {
            throw LookFileError(error, path: path, option: option)
        }
    }

    /// The file's bytes.
    ///
    /// - Throws: ``ReportingError`` with libpng's reason.
    package func png() throws -> Data {
        let columns = max(1, rows.map(\.count).max() ?? 1)
        let width = columns * ChartPicture.panelWidth + 2 * ChartPicture.margin
        let keys = placedKeys(width: width)
        let head = ChartPicture.margin + 30 + (keys.last.map { $0.y + 34 } ?? 0)
        var raster = Raster(width: width, height: head + rows.count * ChartPicture.panelHeight + ChartPicture.margin)
        raster.write(
            shortened(title, width: width), x: ChartPicture.margin, y: ChartPicture.margin - 4, ChartPicture.ink,
            isBold: true)
        for (key, x, y) in keys {
            let color = ChartPicture.color(key.color)
            let rows = ChartPicture.margin + 30 + y..<ChartPicture.margin + 50 + y
            let height = Double(rows.lowerBound + 10)
            raster.curve(
                [.init(x: Double(x), y: height), .init(x: Double(x + 26), y: height)], columns: x..<x + 28, rows: rows,
                color, isDashed: key.isDashed)
            raster.write(key.name, x: x + 36, y: rows.lowerBound, ChartPicture.ink)
        }
        for (row, charts) in rows.enumerated() {
            for (column, chart) in charts.enumerated() {
                draw(
                    chart, x: ChartPicture.margin + column * ChartPicture.panelWidth,
                    y: head + row * ChartPicture.panelHeight, on: &raster)
            }
        }
        return try raster.png()
    }

    /// Where each key of the legend stands, below the title.
    private func placedKeys(width: Int) -> [(key: ChartLegend.Key, x: Int, y: Int)] {
        var (x, y) = (ChartPicture.margin, 0)
        return legend.map { key in
            var key = key
            key.name = shortened(key.name, width: width - 60)
            let room = 36 + key.name.count * PixelFont.width + 24
            if x > ChartPicture.margin, x + room > width - ChartPicture.margin {
                (x, y) = (ChartPicture.margin, y + 26)
            }
            defer { x += room }
            return (key, x, y)
        }
    }

    private func shortened(_ text: String, width: Int) -> String {
        let most = (width - 2 * ChartPicture.margin) / PixelFont.width
        return text.count > most ? String(text.prefix(max(most - 1, 1))) + "…" : text
    }

    private func draw(_ chart: Chart, x: Int, y: Int, on raster: inout Raster) {
        let drawing = ChartDrawing(chart)
        let columns = x + ChartPicture.left..<x + ChartPicture.panelWidth - ChartPicture.right
        let rows = y + ChartPicture.top..<y + ChartPicture.panelHeight - ChartPicture.bottom
        let note = drawing.vertical.isLogarithmic ? " (logarithmic)" : chart.unit.isEmpty ? "" : " (\(chart.unit))"
        raster.write(chart.title, x: columns.lowerBound, y: y + 12, ChartPicture.ink, isBold: true)
        raster.write(
            note, x: columns.lowerBound + chart.title.count * PixelFont.width, y: y + 12, ChartPicture.soft)
        func across(_ value: Double) -> Double {
            Double(columns.lowerBound) + drawing.horizontal.position(of: value) * Double(columns.count - 1)
        }
        func down(_ value: Double) -> Double {
            let shown = max(value, drawing.vertical.lower)
            return Double(rows.lowerBound) + (1 - drawing.vertical.position(of: shown)) * Double(rows.count - 1)
        }
        for tick in drawing.vertical.ticks {
            let line = Int(down(tick).rounded())
            raster.fill(columns, line..<line + 1, ChartPicture.rule)
            let label = drawing.verticalLabel(tick)
            raster.write(
                label, x: columns.lowerBound - 10 - label.count * PixelFont.width, y: line - 10, ChartPicture.soft)
        }
        raster.fill(columns, rows.upperBound..<rows.upperBound + 1, ChartPicture.soft)
        for tick in drawing.horizontal.ticks {
            let place = Int(across(tick).rounded())
            raster.fill(place..<place + 1, rows.upperBound..<rows.upperBound + 6, ChartPicture.soft)
            let label = drawing.horizontal.label(tick)
            let text = label.count * PixelFont.width
            // The last label does not leave the panel.
            let start = min(place - text / 2, x + ChartPicture.panelWidth - text)
            raster.write(label, x: start, y: rows.upperBound + 8, ChartPicture.soft)
        }
        raster.write(
            chart.horizontal, x: columns.upperBound - chart.horizontal.count * PixelFont.width,
            y: rows.upperBound + 32, ChartPicture.soft)
        if chart.isEmpty {
            raster.write(
                "Nothing measured yet.", x: columns.lowerBound + 20, y: rows.lowerBound + 20, ChartPicture.soft)
        }
        // Curves a little beyond the frame show lines on its edges whole.
        let frame = (
            columns: columns.lowerBound - 2..<columns.upperBound + 4, rows: rows.lowerBound - 4..<rows.upperBound + 4
        )
        for series in chart.series {
            for band in series.spans {
                let place = { (x: Double, y: Double) in Raster.Place(x: across(x), y: down(y)) }
                raster.spread(
                    band.map { place($0.x, $0.upper) }, band.map { place($0.x, $0.lower) }, columns: frame.columns,
                    rows: frame.rows, ChartPicture.color(series.color))
            }
        }
        for series in chart.series {
            let points = series.points.thinned(to: ChartDrawing.visiblePoints)
            for segment in points.split(whereSeparator: { !$0.y.isFinite }) {
                raster.curve(
                    segment.map { Raster.Place(x: across($0.x), y: down($0.y)) }, columns: frame.columns,
                    rows: frame.rows, ChartPicture.color(series.color),
                    hasDots: series.style == .dottedLine && points.count <= ChartCurves.mostDots,
                    isDashed: series.isDashed)
            }
        }
    }

    /// The page's colours for light surroundings.
    private static func color(_ number: Int) -> Raster.Color {
        let colors: [Raster.Color] = [
            (37, 99, 201), (217, 112, 26), (35, 146, 106), (143, 79, 203), (196, 61, 102), (14, 124, 140),
            (138, 109, 31), (91, 98, 110),
        ]
        return colors[(number - 1) % colors.count]
    }
}

/// What colour stands for what.
package struct ChartLegend: Sendable {
    package struct Key: Equatable, Sendable {
        package var name: String
        package var color: Int
        package var isDashed: Bool
    }

    /// How many colours the page has.
    static let colors = 8
    package let keys: [Key]

    /// A key for each name; beyond the colours that there are, lines are dashed.
    package init(_ names: [String]) {
        keys = names.enumerated().map { index, name in
            Key(
                name: name, color: index % ChartLegend.colors + 1, isDashed: index / ChartLegend.colors % 2 == 1)
        }
    }
}

extension ChartLegend.Key {
    /// The key's classes in the page.
    var classes: String { "c\(color)\(isDashed ? " dashed" : "")" }
    var html: String { "<span class=\"key \(classes)\">\(escaped(name))</span>" }
}
