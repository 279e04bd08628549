import Foundation

/// A picture in red, green and blue, drawn with smooth edges.
struct Raster {
    /// Where something lies: from the upper left corner, in pixels.
    struct Place: Equatable {
        var x: Double
        var y: Double
    }

    typealias Color = (red: UInt8, green: UInt8, blue: UInt8)

    let width: Int
    let height: Int
    private var pixels: [UInt8]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pixels = [UInt8](repeating: 255, count: 3 * width * height)
    }

    /// The picture as a PNG file with a table of its colours.
    ///
    /// - Throws: ``ReportingError`` with libpng's reason.
    func png() throws -> Data { try PNGFile.bytes(ColorTable(pixels), height: height, width: width) }

    /// Paints a pixel over what is there, `share` of it; nothing outside.
    mutating func blend(_ x: Int, _ y: Int, _ color: Color, _ share: Double) {
        guard (0..<width).contains(x), (0..<height).contains(y), share > 0 else { return }
        let place = 3 * (y * width + x)
        pixels[place] = Raster.mixed(pixels[place], color.red, share)
        pixels[place + 1] = Raster.mixed(pixels[place + 1], color.green, share)
        pixels[place + 2] = Raster.mixed(pixels[place + 2], color.blue, share)
    }

    private static func mixed(_ under: UInt8, _ over: UInt8, _ share: Double) -> UInt8 {
        UInt8((Double(under) + (Double(over) - Double(under)) * min(share, 1)).rounded())
    }

    mutating func fill(_ columns: Range<Int>, _ rows: Range<Int>, _ color: Color) {
        for y in rows { for x in columns { blend(x, y, color, 1) } }
    }

    /// Writes `text` with its upper left corner at a place; `isBold` letters are a pixel wider.
    mutating func write(_ text: String, x: Int, y: Int, _ color: Color, isBold: Bool = false) {
        for (index, character) in text.enumerated() {
            let left = x + index * PixelFont.width
            for (row, bits) in PixelFont.rows(of: character).enumerated() {
                let wide = isBold ? bits | bits >> 1 : bits
                for column in 0..<PixelFont.width where wide >> UInt16(PixelFont.width - 1 - column) & 1 == 1 {
                    blend(left + column, y + row, color, 1)
                }
            }
        }
    }

    /// Draws a curve through `places`, within `columns` and `rows`.
    ///
    /// - Parameters:
    ///   - hasDots: whether every place gets one.
    ///   - isDashed: whether the line has gaps.
    mutating func curve(
        _ places: [Place], columns: Range<Int>, rows: Range<Int>, _ color: Color, hasDots: Bool = false,
        isDashed: Bool = false
    ) {
        var stroke = Stroke(columns: columns, rows: rows)
        var length = 0.0
        for (start, end) in zip(places, places.dropFirst()) {
            stroke.segment(start, end, width: 2.4, from: length, isDashed: isDashed)
            length += hypot(end.x - start.x, end.y - start.y)
        }
        if hasDots || places.count == 1 {
            for place in places { stroke.segment(place, place, width: 8, from: 0, isDashed: false) }
        }
        // So few shades that all colours of most pictures fit into a table; edges look as smooth.
        for y in rows { for x in columns { blend(x, y, color, (stroke[x, y] * 6).rounded() / 6) } }
    }

    /// Fills what lies between two curves over the same columns.
    mutating func spread(
        _ upper: [Place], _ lower: [Place], columns: Range<Int>, rows: Range<Int>, _ color: Color
    ) {
        guard let first = upper.first, let last = upper.last else { return }
        for x in columns where Double(x) >= first.x && Double(x) <= last.x {
            guard let top = Raster.height(of: upper, at: Double(x)),
                let bottom = Raster.height(of: lower, at: Double(x))
            else { continue }
            for y in rows where Double(y) >= top.rounded() && Double(y) <= bottom.rounded() { blend(x, y, color, 0.17) }
        }
    }

    /// Where a curve runs at a column; nil beside it.
    private static func height(of places: [Place], at x: Double) -> Double? {
        guard let next = places.firstIndex(where: { $0.x >= x }) else { return nil }
        if next == 0 { return places[0].x == x ? places[0].y : nil }
        let (before, after) = (places[next - 1], places[next])
        let share = after.x > before.x ? (x - before.x) / (after.x - before.x) : 1
        return before.y + (after.y - before.y) * share
    }
}

/// How much of each pixel a curve covers, so that where its parts meet it is not darker.
private struct Stroke {
    private let columns: Range<Int>
    private let rows: Range<Int>
    private var cover: [Double]

    init(columns: Range<Int>, rows: Range<Int>) {
        self.columns = columns
        self.rows = rows
        cover = [Double](repeating: 0, count: columns.count * rows.count)
    }

    subscript(x: Int, y: Int) -> Double { cover[(y - rows.lowerBound) * columns.count + x - columns.lowerBound] }

    /// Covers what is within half a width of a line; `from` is how far along the curve it begins, for its gaps.
    mutating func segment(_ a: Raster.Place, _ b: Raster.Place, width: Double, from: Double, isDashed: Bool) {
        guard [a.x, a.y, b.x, b.y].allSatisfy({ $0.isFinite && abs($0) < 1e6 }) else { return }
        let reach = width / 2 + 1
        let length = hypot(b.x - a.x, b.y - a.y)
        let across = max(columns.lowerBound, Int(min(a.x, b.x) - reach))
        let acrossEnd = min(columns.upperBound - 1, Int(max(a.x, b.x) + reach) + 1)
        let down = max(rows.lowerBound, Int(min(a.y, b.y) - reach))
        let downEnd = min(rows.upperBound - 1, Int(max(a.y, b.y) + reach) + 1)
        guard across <= acrossEnd, down <= downEnd else { return }
        for y in down...downEnd {
            for x in across...acrossEnd {
                let (dx, dy) = (Double(x) - a.x, Double(y) - a.y)
                let along = length > 0 ? min(max((dx * (b.x - a.x) + dy * (b.y - a.y)) / length, 0), length) : 0
                if isDashed, (from + along).truncatingRemainder(dividingBy: 14) > 9 { continue }
                let share = length > 0 ? along / length : 0
                let distance = hypot(dx - (b.x - a.x) * share, dy - (b.y - a.y) * share)
                let covered = min(max(width / 2 + 0.5 - distance, 0), 1)
                let place = (y - rows.lowerBound) * columns.count + x - columns.lowerBound
                if covered > cover[place] { cover[place] = covered }
            }
        }
    }
}
