import Foundation
import Reporting
import Testing

/// Charts as pictures.
@Suite struct ChartPictureTests {
    private func chart(_ points: [Chart.Point], scale: Chart.Scale = .linear) -> Chart {
        Chart(
            title: "a line", series: [.init(name: "first", color: 1, style: .line, points: points)], scale: scale,
            horizontal: "x")
    }

    @Test func `a chart alone is a picture, with values that are no numbers and with none at all`() throws {
        let whole = try ChartPicture(chart((0...4).map { .init(Double($0), 1) })).png()
        let gap = try ChartPicture(chart([.init(0, 1), .init(1, 1), .init(2, .nan), .init(3, 1), .init(4, 1)])).png()
        #expect(whole.starts(with: [0x89, 0x50, 0x4E, 0x47]) && whole != gap)
        #expect(try ChartPicture(chart([])).png().count > 100)
        #expect(try ChartPicture(chart([.init(0, .infinity)], scale: .logarithmic(fromRatio: 10))).png().count > 100)
    }

    /// Eight curves that cross each other: the file has the size that pages want.
    @Test func `a picture of many curves is a small file`() throws {
        let series = (1...8).map { number in
            Chart.Series(
                name: "\(number)", color: number, style: .line,
                points: (0...60).map { place in
                    let x = Double(place)
                    let y: Double = Double(number) + sin(x * x * Double(number)) / 2 - x / 60
                    return .init(x, y)
                })
        }
        let size = try ChartPicture(
            Chart(title: "many", series: series, scale: .linear, horizontal: "x")
        ).png().count
        #expect(size < 40_000, "\(size)")
    }
}
