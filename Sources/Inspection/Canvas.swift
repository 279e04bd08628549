/// A picture that is drawn on: red, green and blue, 0…255.
package struct Canvas: Sendable {
    package let height: Int
    package let width: Int
    /// [height, width, 3]
    package private(set) var values: [Float]

    package init(height: Int, width: Int, color: [Float] = [255, 255, 255]) {
        self.height = height
        self.width = width
        values = (0..<height * width).flatMap { _ in color }
    }

    /// Colours that are told apart, also by most who do not see all (Okabe and Ito 2008).
    package static let palette: [(name: String, color: [Float])] = [
        ("blue", [0, 114, 178]), ("orange", [230, 159, 0]), ("green", [0, 158, 115]), ("red", [213, 94, 0]),
        ("purple", [204, 121, 167]), ("sky", [86, 180, 233]), ("yellow", [200, 190, 30]), ("black", [20, 20, 20]),
        ("brown", [130, 80, 40]), ("grey", [130, 130, 130]),
    ]

    /// Colour `index`, beginning anew behind the last.
    package static func color(_ index: Int) -> (name: String, color: [Float]) { palette[index % palette.count] }

    /// Paints a pixel; nothing outside.
    package mutating func paint(_ y: Int, _ x: Int, _ color: [Float]) {
        guard (0..<height).contains(y), (0..<width).contains(x) else { return }
        for channel in 0..<3 { values[(y * width + x) * 3 + channel] = color[channel] }
    }

    package mutating func fill(_ rows: Range<Int>, _ columns: Range<Int>, _ color: [Float]) {
        for y in rows { for x in columns { paint(y, x, color) } }
    }

    /// A frame of two pixels inside the edges of a box.
    package mutating func outline(_ rows: Range<Int>, _ columns: Range<Int>, _ color: [Float]) {
        for depth in 0..<2 {
            for x in columns {
                paint(rows.lowerBound + depth, x, color)
                paint(rows.upperBound - 1 - depth, x, color)
            }
            for y in rows {
                paint(y, columns.lowerBound + depth, color)
                paint(y, columns.upperBound - 1 - depth, color)
            }
        }
    }

    package mutating func dot(_ y: Double, _ x: Double, radius: Double, _ color: [Float]) {
        guard y.isFinite, x.isFinite, abs(y) < 1e6, abs(x) < 1e6 else { return }
        for row in Int(y - radius)...Int(y + radius + 1) {
            for column in Int(x - radius)...Int(x + radius + 1) {
                let (dy, dx) = (Double(row) - y, Double(column) - x)
                if dy * dy + dx * dx <= radius * radius { paint(row, column, color) }
            }
        }
    }

    /// A line two pixels wide.
    package mutating func line(from a: (y: Double, x: Double), to b: (y: Double, x: Double), _ color: [Float]) {
        guard [a.y, a.x, b.y, b.x].allSatisfy({ $0.isFinite && abs($0) < 1e5 }) else { return }
        let steps = max(1, Int(max(abs(b.y - a.y), abs(b.x - a.x)).rounded(.up)))
        for step in 0...steps {
            let share = Double(step) / Double(steps)
            dot(a.y + (b.y - a.y) * share, a.x + (b.x - a.x) * share, radius: 1, color)
        }
    }

    /// The canvas as a sheet of one picture.
    package func sheet(_ name: String, caption: String) -> PictureSheet {
        PictureSheet(
            name, caption: caption, values: values, height: height, width: width, channels: 3, columns: 1,
            enlargement: 1)
    }
}
