import Inspection
import Reporting
import Testing

/// Charts as pictures.
@Suite struct ChartPictureTests {
    private func pixels(_ canvas: Canvas, _ color: [Float]) -> [(y: Int, x: Int)] {
        (0..<canvas.height * canvas.width).compactMap { place in
            Array(canvas.values[3 * place..<3 * place + 3]) == color
                ? (place / canvas.width, place % canvas.width) : nil
        }
    }

    private func chart(_ points: [Chart.Point], scale: Chart.Scale = .linear) -> Chart {
        Chart(
            title: "a line", series: [.init(name: "first", color: 1, style: .line, points: points)], scale: scale,
            horizontal: "x")
    }

    @Test func `a rising line goes from the lower left to the upper right of its axes`() {
        let canvas = ChartPicture(chart((0...10).map { .init(Double($0), Double($0) * 2) })).drawn()
        // Without the legend's own bar above.
        let line = pixels(canvas, Canvas.color(0).color).filter { $0.y > 66 }
        let (left, right) = (line.min { $0.x < $1.x }, line.max { $0.x < $1.x })
        #expect(left.map { $0.y } ?? 0 > 400 && right.map { $0.y } ?? 999 < 100 && right.map { $0.x } ?? 0 > 680)
    }

    @Test func `a value that is no number leaves a gap, and nothing at all is a picture too`() throws {
        let gap = ChartPicture(chart([.init(0, 1), .init(1, 1), .init(2, .nan), .init(3, 1), .init(4, 1)])).drawn()
        let columns = Set(pixels(gap, Canvas.color(0).color).filter { $0.y > 66 }.map(\.x))
        let (first, last) = (columns.min() ?? 0, columns.max() ?? 0)
        #expect(columns.count < (last - first) * 6 / 10 && columns.count > (last - first) * 4 / 10)
        #expect(try ChartPicture(chart([])).png().count > 100)
        #expect(try ChartPicture(chart([.init(0, .infinity)], scale: .logarithmic(fromRatio: 10))).png().count > 100)
    }

    @Test func `text is as wide as it says, and a character without a drawing is a question mark`() {
        func drawn(_ text: String) -> Canvas {
            var canvas = Canvas(height: 24, width: 100)
            canvas.text(text, y: 2, x: 2, [0, 0, 0])
            return canvas
        }
        let columns = pixels(drawn("0.25e-3"), [0, 0, 0]).map(\.x)
        #expect((columns.min() ?? 0) == 2 && (columns.max() ?? 0) == 2 + Canvas.width(of: "0.25e-3") - 1)
        #expect(drawn("☃").values == drawn("?").values && drawn("a").values != drawn("?").values)
    }
}
