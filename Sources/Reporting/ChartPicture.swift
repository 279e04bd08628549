import Foundation
import Inspection
import System

/// A chart as a picture of its own: title, legend, axes with numbers, and a line for each series.
///
/// A value that is not finite leaves a gap. Areas and steps are drawn as lines through their points.
package struct ChartPicture {
    private let chart: Chart
    private let horizontal: ChartAxis
    private let vertical: ChartAxis
    private let height: Int
    private let width: Int
    private var canvas: Canvas

    private enum Ink {
        static let text: [Float] = [50, 50, 50]
        static let soft: [Float] = [110, 110, 110]
        static let grid: [Float] = [228, 228, 228]
        static let axis: [Float] = [150, 150, 150]
    }

    /// - Parameters:
    ///   - height: of the picture, in pixels, all of it.
    ///   - width: the same.
    package init(_ chart: Chart, height: Int = 480, width: Int = 720) {
        self.chart = chart
        self.height = height
        self.width = width
        let points = chart.series.flatMap(\.points).filter { $0.y.isFinite }
        horizontal = ChartAxis(linear: points.map(\.x), count: 8, isExtended: false)
        let values = points.map(\.y)
        vertical =
            switch chart.scale {
            case .linear: ChartAxis(linear: values)
            case .fromZero: ChartAxis(linear: values, including: [0])
            case .logarithmic(let ratio):
                ChartPicture.isLogarithmic(values, ratio)
                    ? ChartAxis(logarithmic: values) : ChartAxis(linear: values)
            }
        canvas = Canvas(height: height, width: width)
    }

    private static func isLogarithmic(_ values: [Double], _ ratio: Double) -> Bool {
        let positive = values.filter { $0 > 0 }
        guard let least = positive.min(), let most = positive.max(), !values.contains(where: { $0 < 0 }) else {
            return false
        }
        return most >= ratio * least
    }

    /// The bytes of a PNG file. Throws ``ReportingError``.
    package func png() throws -> Data { try LookPicture.file(drawn().sheet("", caption: chart.title)) }

    /// Writes the PNG file; its folder is made where there is none. Throws ``ReportingError``, ``LookFileError``.
    package func write(to path: String, option: String = "--out") throws {
        try LookFiles.prepare(file: path, option: option)
        let bytes = try png()
        do { try AtomicFile.write(bytes: Array(bytes), to: path, isDurable: false) } catch {
            throw LookFileError(error, path: path, option: option)
        }
    }

    /// The picture.
    package func drawn() -> Canvas {
        var copy = self
        copy.draw()
        return copy.canvas
    }

    private mutating func draw() {
        let labels = vertical.ticks.map(vertical.label)
        let left = 24 + (labels.map { Canvas.width(of: $0) }.max() ?? 0)
        let columns = left..<width - 28
        let top = legend(below: 18 + Canvas.height(scale: 3), from: left) + 14
        let rows = top..<height - 62
        canvas.text(chart.title, y: 14, x: left, scale: 3, Ink.text)
        for (tick, label) in zip(vertical.ticks, labels) {
            let y = down(tick, rows)
            canvas.fill(y..<y + 1, columns, Ink.grid)
            canvas.text(
                label, y: y - Canvas.height() / 2, x: left - 12 - Canvas.width(of: label), Ink.soft)
        }
        // Labels that would touch the one before are left out.
        var free = 0
        for tick in horizontal.ticks {
            let x = across(tick, columns)
            canvas.fill(rows, x..<x + 1, Ink.grid)
            let label = horizontal.label(tick)
            let size = Canvas.width(of: label)
            guard x - size / 2 >= free, x + size / 2 <= width else { continue }
            canvas.text(label, y: rows.upperBound + 10, x: x - size / 2, Ink.soft)
            free = x + size / 2 + 12
        }
        if vertical.lower < 0, vertical.upper > 0, !vertical.isLogarithmic {
            let y = down(0, rows)
            canvas.fill(y..<y + 1, columns, Ink.axis)
        }
        canvas.fill(rows, left..<left + 1, Ink.axis)
        canvas.fill(rows.upperBound..<rows.upperBound + 1, columns, Ink.axis)
        let name = chart.horizontal
        canvas.text(
            name, y: rows.upperBound + 34, x: (columns.lowerBound + columns.upperBound - Canvas.width(of: name)) / 2,
            Ink.text)
        for series in chart.series { draw(series, rows, columns) }
    }

    /// Writes the names of the series, in as many rows as they need, and says where they end.
    private mutating func legend(below top: Int, from left: Int) -> Int {
        var (x, y) = (left, top + 10)
        for series in chart.series {
            let size = 26 + Canvas.width(of: series.name)
            if x > left, x + size > width - 12 {
                x = left
                y += Canvas.height() + 8
            }
            canvas.fill(y + 5..<y + 9, x..<x + 18, ChartPicture.color(series))
            canvas.text(series.name, y: y, x: x + 26, Ink.text)
            x += size + 24
        }
        return y + Canvas.height()
    }

    private mutating func draw(_ series: Chart.Series, _ rows: Range<Int>, _ columns: Range<Int>) {
        let color = ChartPicture.color(series)
        var before: (y: Double, x: Double)?
        for point in series.points {
            guard point.y.isFinite, !(vertical.isLogarithmic && point.y <= 0) else {
                before = nil
                continue
            }
            let place = (y: Double(down(point.y, rows)), x: Double(across(point.x, columns)))
            if let before { canvas.line(from: before, to: place, color) }
            if series.style == .dottedLine || series.points.count == 1 {
                canvas.dot(place.y, place.x, radius: 3, color)
            }
            before = place
        }
    }

    private static func color(_ series: Chart.Series) -> [Float] { Canvas.color(max(0, series.color - 1)).color }

    private func across(_ x: Double, _ columns: Range<Int>) -> Int {
        columns.lowerBound + Int((horizontal.position(of: x) * Double(columns.count - 1)).rounded())
    }

    private func down(_ y: Double, _ rows: Range<Int>) -> Int {
        rows.upperBound - 1 - Int((vertical.position(of: y) * Double(rows.count - 1)).rounded())
    }
}
