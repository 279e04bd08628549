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
        #expect(html.contains("<g class=\"c1\" data-name=\"training\" data-x=\"0 1 2\" data-y=\"0 5 10\">"))
        #expect(html.contains("<polyline class=\"curve\" points=\"0,10000 5000,5000 10000,0\"/></g>"))
    }

    @Test func valuesAreGivenWithFiveDigits() {
        let html = ChartDrawing(chart([.init(0.123456789, 98_765_432), .init(1, 1.23456789e-7), .init(2, .nan)])).html
        #expect(html.contains("data-x=\"0.12346 1 2\" data-y=\"98765000 1.2346e-07 nan\""))
    }

    @Test func chartsOverEpochsAreOneGroupAndOthersTheirOwn() {
        var rows = chart([.init(100, 0), .init(120, 10)])
        #expect(ChartDrawing(rows).html.contains("data-group=\"epochs\""))
        rows.horizontal = "row"
        let html = ChartDrawing(rows).html
        #expect(html.contains("data-group=\"Loss\" data-horizontal=\"row\" data-x=\"100.0 120.0\""))
        #expect(html.contains("data-y=\"0.0 10.0\" data-scale=\"linear\"") && html.contains("tabindex=\"0\""))
        #expect(html.contains("aria-label=\"Loss, last values: training 10\""))
    }

    @Test func whatIsNoEpochBeginsWhereItsPointsDo() {
        var rows = chart([.init(100, 0), .init(110, 5), .init(120, 10)])
        rows.horizontal = "row"
        let html = ChartDrawing(rows).html
        #expect(html.contains("points=\"0,10000 5000,5000 10000,0\"") && html.contains(">row</span>"))
        #expect(!html.contains("epoch"))
    }

    @Test func stepsHoldSinceThePointBefore() {
        let html = ChartDrawing(chart([.init(1, 10), .init(2, 5)], style: .steps)).html
        #expect(html.contains("points=\"0,0 5000,0 5000,5000 10000,5000\""))
    }

    @Test func aBandLiesAroundItsCurveAndWithinTheAxis() {
        var rates = chart([.init(0, 5), .init(1, 5), .init(2, 5)])
        rates.series[0].isDashed = true
        rates.series[0].band = [
            .init(x: 0, lower: 0, upper: 5), .init(x: 1, lower: 0, upper: 10), .init(x: 2, lower: .nan, upper: .nan),
        ]
        let html = ChartDrawing(rates).html
        #expect(html.contains("<g class=\"c1 dashed\""))
        #expect(html.contains("<polygon class=\"spread\" points=\"0,5000 5000,0 5000,10000 0,10000\"/><polyline"))
    }

    @Test func chartsSideBySideHaveOneScale() {
        var one = chart([.init(0, 0), .init(1, 10)])
        one.sharedValues = [0, 20]
        #expect(ChartDrawing(one).html.contains("points=\"0,10000 10000,5000\""))
    }

    @Test func nanLeavesAGap() {
        let points = [Chart.Point(0, 10), .init(0.5, 10), .init(1, .nan), .init(1.5, 5), .init(2, 5)]
        let html = ChartDrawing(chart(points)).html
        #expect(html.contains("points=\"0,0 2500,0\"") && html.contains("points=\"7500,5000 10000,5000\""))
        #expect(html.contains("data-y=\"10 10 nan 5 5\"") && html.components(separatedBy: "nan").count == 2)
    }

    @Test func zeroLiesOnTheFloorOfALogarithmicAxis() {
        let points = [Chart.Point(0, 1), .init(1, 0), .init(2, 0.01)]
        let chart = Chart(
            title: "Error", series: [Chart.Series(name: "training", color: 1, style: .line, points: points)],
            scale: .logarithmic(fromRatio: 4))
        #expect(ChartDrawing(chart).html.contains("points=\"0,0 5000,10000 10000,10000\""))
    }

    @Test func negativeValuesNeedALinearAxis() {
        let html = ChartDrawing(
            Chart(
                title: "Loss",
                series: [Chart.Series(name: "critic", color: 1, style: .line, points: [.init(0, -10), .init(1, 10)])],
                scale: .logarithmic(fromRatio: 4))
        ).html
        #expect(html.contains("points=\"0,10000 10000,0\"") && !html.contains("logarithmic"))
    }

    @Test func onePointIsADot() {
        #expect(ChartDrawing(chart([.init(1, 5)])).html.contains("<path class=\"dots\" d=\"M10000 0h0\"/>"))
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
                "data-x=\"1 2\" data-y=\"0.5 0.25\"><polygon class=\"area\" points=\"0,5000 5000,5000 5000,7500 "
                    + "10000,7500 10000,10000 5000,10000 5000,10000 0,10000\"/></g>"
            ))
        #expect(
            html.contains(
                "<polygon class=\"area\" points=\"0,0 5000,0 5000,2500 10000,2500 10000,7500 5000,7500 5000,5000 "
                    + "0,5000\"/></g>"
            ))
        #expect(html.contains(">20 %</span>") && html.contains(">100 %</span>") && html.contains(" data-percent>"))
    }

    @Test func allChartsOfAReportCoverTheSameEpochs() {
        let history = RunHistory(intervals: [Samples.interval(400)], validations: [Samples.validation(430)])
        let charts = ReportCharts(run: Samples.run, history: history).all
        #expect(
            charts.map(\.title) == [
                "Loss", "Accuracy", "Error (1 − accuracy)", "Learning rate", "Speed", "Where the time goes",
            ])
        #expect(charts.allSatisfy { $0.lastEpoch == 1 })
        #expect(ChartDrawing(charts[4]).html.contains(">1.0</span>"))
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
