import Reporting
import Testing

struct ChartAxisTests {
    @Test func linearAxisEndsAtRoundTicks() {
        let axis = ChartAxis(linear: [0.03, 0.97])
        #expect(axis.ticks.map(axis.label) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(axis.position(of: 0.5) == 0.5)
    }

    @Test func axisOfOneValueHasARange() {
        for value in [0, 5, -3, 1e-9] {
            let axis = ChartAxis(linear: [value])
            #expect(axis.lower < axis.upper && axis.lower <= value && value <= axis.upper)
        }
    }

    @Test func unextendedAxisKeepsItsEnds() {
        let axis = ChartAxis(linear: [0, 28.5], count: 6, isExtended: false)
        #expect((axis.lower, axis.upper) == (0, 28.5))
        #expect(axis.ticks.map(axis.label) == ["0", "5", "10", "15", "20", "25"])
    }

    @Test(arguments: [
        ([0.1, 0.05, 0.0125], ["0.01", "0.02", "0.05", "0.1"]), ([2.3, 0.0009], ["0.0001", "0.001", "0.01", "0.1", "1", "10"]),
        ([1, 10], ["1", "2", "5", "10"]),
    ])
    func logarithmicAxisCoversItsValues(values: [Double], labels: [String]) {
        let axis = ChartAxis(logarithmic: values + [.nan, -1, 0])
        #expect(axis.ticks.map(axis.label) == labels)
        for value in values { #expect((0...1).contains(axis.position(of: value))) }
    }
}

struct ChartDrawingTests {
    private func chart(_ points: [Chart.Point], style: Chart.Series.Style = .line) -> Chart {
        Chart(title: "Loss", series: [Chart.Series(name: "training", color: 1, style: style, points: points)], scale: .fromZero)
    }

    @Test func lineGoesThroughItsPoints() {
        let html = ChartDrawing(chart([.init(0, 0), .init(1, 5), .init(2, 10)])).html
        #expect(html.contains("<polyline class=\"curve c1\" points=\"62.0,228.0 344.0,125.0 626.0,22.0\"/>"))
    }

    @Test func stepsHoldSinceThePointBefore() {
        let html = ChartDrawing(chart([.init(1, 10), .init(2, 5)], style: .steps)).html
        #expect(html.contains("points=\"62.0,22.0 344.0,22.0 344.0,125.0 626.0,125.0\""))
    }

    @Test func nanLeavesAGap() {
        let points = [Chart.Point(0, 10), .init(0.5, 10), .init(1, .nan), .init(1.5, 5), .init(2, 5)]
        let html = ChartDrawing(chart(points)).html
        #expect(html.contains("points=\"62.0,22.0 203.0,22.0\"") && html.contains("points=\"485.0,125.0 626.0,125.0\""))
        #expect(!html.contains("nan"))
    }

    @Test func onePointIsADot() {
        #expect(ChartDrawing(chart([.init(1, 5)])).html.contains("<circle class=\"dot c1\" cx=\"626.0\""))
    }

    @Test func nothingToDrawIsSaid() {
        for points in [[], [Chart.Point(1, .nan)]] {
            #expect(ChartDrawing(chart(points)).html.contains("Nothing measured yet."))
        }
    }

    @Test func areasStackUp() {
        let first = Chart.Series(name: "a", color: 1, style: .stackedArea, points: [.init(0, 0.5), .init(1, 0.25)])
        let second = Chart.Series(name: "b", color: 2, style: .stackedArea, points: [.init(0, 0.5), .init(1, 0.5)])
        let html = ChartDrawing(Chart(title: "Time", series: [first, second], scale: .percent(whole: true))).html
        #expect(html.contains("<polygon class=\"area c1\" points=\"62.0,125.0 626.0,176.5 626.0,228.0 62.0,228.0\"/>"))
        #expect(html.contains("<polygon class=\"area c2\" points=\"62.0,22.0 626.0,73.5 626.0,176.5 62.0,125.0\"/>"))
    }

    @Test func thinningKeepsTheExtremesAndTheOrder() {
        var points = (0..<100_000).map { Chart.Point(Double($0), 1) }
        points[54_321].y = 99
        points[77_777].y = -99
        let thin = points.thinned(to: 600)
        #expect(thin.count <= 600)
        #expect(thin.contains(points[54_321]) && thin.contains(points[77_777]))
        #expect(zip(thin, thin.dropFirst()).allSatisfy { $0.x < $1.x })
    }
}
