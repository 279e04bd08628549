import NeuralNetwork
import Training

/// The charts of the report, made from a run's records.
package struct ReportCharts {
    private let run: RunDescription
    private let history: RunHistory

    package init(run: RunDescription, history: RunHistory) {
        self.run = run
        self.history = history
    }

    /// Every metric, learning rate, speed and time shares, over the same epochs.
    package var all: [Chart] {
        let last = max(history.intervals.last?.epoch ?? 0, history.validations.last?.epoch ?? 0)
        let charts = metrics + [learningRate, speed, timeShares]
        return charts.map { chart in
            var chart = chart
            chart.lastEpoch = last
            return chart
        }
    }

    /// A chart for each metric that was measured, and one of what is left to 1 of a share that has a name for it.
    package var metrics: [Chart] {
        var seen: [MetricDescription] = []
        for value in history.intervals.lazy.flatMap(\.metrics) + history.validations.lazy.flatMap(\.metrics)
        where !seen.contains(value.description) { seen.append(value.description) }
        if seen.isEmpty { seen = [.loss] }
        return seen.flatMap { metric in
            [chart(of: metric)] + (metric.complement.map { [error($0, of: metric)] } ?? [])
        }
    }

    private func chart(of metric: MetricDescription) -> Chart {
        let isFraction = metric.format == .fraction
        let scale =
            metric.higherIsBetter
            ? Chart.Scale.linear : .logarithmic(fromRatio: isFraction ? 4 : 10)
        return Chart(title: metric.title, series: series(metric) { $0 }, scale: scale, isPercent: isFraction)
    }

    /// What a share leaves, on a scale that still tells 0.8 % from 0.7 %.
    private func error(_ name: String, of metric: MetricDescription) -> Chart {
        Chart(
            title: "\(name.prefix(1).uppercased() + name.dropFirst()) (1 − \(metric.name))",
            series: series(metric) { 1 - $0 },
            scale: .logarithmic(fromRatio: 4), isPercent: true)
    }

    private func series(_ metric: MetricDescription, _ shown: @escaping (Double) -> Double) -> [Chart.Series] {
        [
            Chart.Series(
                name: "training", color: 1, style: .line, points: intervals { $0.metrics[metric.name].map(shown) }),
            Chart.Series(
                name: "validation", color: 2, style: .dottedLine,
                points: validations { $0.metrics[metric.name].map(shown) }),
        ]
    }

    /// The learning rate with every decision marked.
    package var learningRate: Chart {
        let rates = intervals { $0.learningRate } + validations { $0.learningRate }
        let markers = history.decisions.map { decision in
            Chart.Marker(
                x: Double(decision.step) / Double(max(run.stepsPerEpoch, 1)), kind: decision.kind.rawValue,
                text: ProgressText.decision(decision))
        }
        return Chart(
            title: "Learning rate",
            series: [
                Chart.Series(name: "learning rate", color: 3, style: .steps, points: rates.sorted { $0.x < $1.x })
            ],
            markers: markers, scale: .logarithmic(fromRatio: 8))
    }

    package var speed: Chart {
        Chart(
            title: "Speed", unit: "samples/s",
            series: [
                Chart.Series(name: "samples/s", color: 1, style: .line, points: intervals { $0.samplesPerSecond })
            ],
            scale: .fromZero)
    }

    package var timeShares: Chart {
        let layers: [(String, (TimeShares) -> Double)] = [
            ("compute", { $0.compute }), ("wait", { $0.wait }), ("reduce", { $0.reduce }), ("data", { $0.data }),
            ("save", { $0.save }),
        ]
        let series = layers.enumerated().map { index, layer in
            Chart.Series(
                name: layer.0, color: index + 1, style: .stackedArea, points: intervals { layer.1($0.shares) })
        }
        return Chart(title: "Where the time goes", series: series, scale: .linear, isPercent: true)
    }

    /// The last figure of each kind, and beside it the first one where that is to be seen.
    package var figures: [Chart] {
        var titles: [String] = []
        for figure in history.figures where !titles.contains(figure.title) { titles.append(figure.title) }
        return titles.compactMap { title in
            let all = history.figures.filter { $0.title == title }
            guard let first = all.first, let last = all.last else { return nil }
            let shown = last.showsFirst && first.step < last.step ? [first, last] : [last]
            let series = shown.flatMap { figure in
                figure.curves.map { curve in
                    let name = shown.count > 1 ? "\(curve.name), step \(NumberText.grouped(figure.step))" : curve.name
                    return (name, zip(curve.x, curve.y).map { Chart.Point($0, $1) })
                }
            }
            return Chart(
                title: shown.count > 1 ? title : "\(title), step \(NumberText.grouped(last.step))",
                series: series.enumerated().map { index, curve in
                    Chart.Series(name: curve.0, color: index % 5 + 1, style: .line, points: curve.1)
                }, scale: last.isLogarithmic ? .logarithmic(fromRatio: 10) : .linear, horizontal: last.horizontal)
        }
    }

    private func intervals(_ value: (IntervalRecord) -> Double?) -> [Chart.Point] {
        history.intervals.compactMap { record in value(record).map { Chart.Point(record.epoch, $0) } }
    }

    private func validations(_ value: (ValidationRecord) -> Double?) -> [Chart.Point] {
        history.validations.compactMap { record in value(record).map { Chart.Point(record.epoch, $0) } }
    }
}
