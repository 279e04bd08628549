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
        ([0.1, 0.05, 0.0125], ["0.01", "0.02", "0.05", "0.1"]),
        ([2.3, 0.0009], ["0.0001", "0.001", "0.01", "0.1", "1", "10"]),
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
        Chart(
            title: "Loss", series: [Chart.Series(name: "training", color: 1, style: style, points: points)],
            scale: .fromZero)
    }

    @Test func lineGoesThroughItsPoints() {
        let html = ChartDrawing(chart([.init(0, 0), .init(1, 5), .init(2, 10)])).html
        #expect(html.contains("<polyline class=\"curve c1\" points=\"62.0,228.0 344.0,128.0 626.0,28.0\"/>"))
    }

    @Test func whatIsNoEpochBeginsWhereItsPointsDo() {
        var rows = chart([.init(100, 0), .init(110, 5), .init(120, 10)])
        rows.horizontal = "row"
        let html = ChartDrawing(rows).html
        #expect(html.contains("points=\"62.0,228.0 344.0,128.0 626.0,28.0\"") && html.contains(">row</text>"))
        #expect(!html.contains("epoch"))
    }

    @Test func stepsHoldSinceThePointBefore() {
        let html = ChartDrawing(chart([.init(1, 10), .init(2, 5)], style: .steps)).html
        #expect(html.contains("points=\"62.0,28.0 344.0,28.0 344.0,128.0 626.0,128.0\""))
    }

    @Test func nanLeavesAGap() {
        let points = [Chart.Point(0, 10), .init(0.5, 10), .init(1, .nan), .init(1.5, 5), .init(2, 5)]
        let html = ChartDrawing(chart(points)).html
        #expect(html.contains("points=\"62.0,28.0 203.0,28.0\"") && html.contains("points=\"485.0,128.0 626.0,128.0\""))
        #expect(!html.contains("nan"))
    }

    @Test func zeroLiesOnTheFloorOfALogarithmicAxis() {
        let points = [Chart.Point(0, 1), .init(1, 0), .init(2, 0.01)]
        let chart = Chart(
            title: "Error", series: [Chart.Series(name: "training", color: 1, style: .line, points: points)],
            scale: .logarithmic(fromRatio: 4))
        #expect(ChartDrawing(chart).html.contains("points=\"62.0,28.0 344.0,228.0 626.0,228.0\""))
    }

    @Test func negativeValuesNeedALinearAxis() {
        let html = ChartDrawing(
            Chart(
                title: "Loss",
                series: [Chart.Series(name: "critic", color: 1, style: .line, points: [.init(0, -10), .init(1, 10)])],
                scale: .logarithmic(fromRatio: 4))
        ).html
        #expect(html.contains("points=\"62.0,228.0 626.0,28.0\"") && !html.contains("logarithmic"))
    }

    @Test func onePointIsADot() {
        #expect(ChartDrawing(chart([.init(1, 5)])).html.contains("<circle class=\"dot c1\" cx=\"626.0\""))
    }

    @Test func nothingToDrawIsSaid() {
        for points in [[], [Chart.Point(1, .nan)]] {
            #expect(ChartDrawing(chart(points)).html.contains("Nothing measured yet."))
        }
    }

    @Test func areasStackUpSinceThePointBefore() {
        let first = Chart.Series(name: "a", color: 1, style: .stackedArea, points: [.init(1, 0.5), .init(2, 0.25)])
        let second = Chart.Series(name: "b", color: 2, style: .stackedArea, points: [.init(1, 0.5), .init(2, 0.5)])
        let html = ChartDrawing(Chart(title: "Time", series: [first, second], scale: .linear, isPercent: true)).html
        #expect(
            html.contains(
                "<polygon class=\"area c1\" points=\"62.0,128.0 344.0,128.0 344.0,178.0 626.0,178.0 626.0,228.0 "
                    + "344.0,228.0 344.0,228.0 62.0,228.0\"/>"
            ))
        #expect(
            html.contains(
                "<polygon class=\"area c2\" points=\"62.0,28.0 344.0,28.0 344.0,78.0 626.0,78.0 626.0,178.0 "
                    + "344.0,178.0 344.0,128.0 62.0,128.0\"/>"
            ))
        #expect(html.contains(">20 %</text>") && html.contains(">100 %</text>"))
    }

    @Test func allChartsOfAReportCoverTheSameEpochs() {
        let history = RunHistory(intervals: [Samples.interval(400)], validations: [Samples.validation(430)])
        let charts = ReportCharts(run: Samples.run, history: history).all
        #expect(
            charts.map(\.title) == [
                "Loss", "Accuracy", "Error (1 − accuracy)", "Learning rate", "Speed", "Where the time goes",
            ])
        #expect(charts.allSatisfy { $0.lastEpoch == 1 })
        #expect(ChartDrawing(charts[4]).html.contains(">1.0</text>"))
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
