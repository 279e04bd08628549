import NeuralNetwork
import Training

/// The charts of a comparison: of each metric its curves in training, and beside it those in validation, on the same
/// scale where that is a linear one.
struct ComparisonCharts {
    /// What a run has measured once.
    struct Figure {
        let step: Int
        let epoch: Double
        let value: Double
    }

    let comparison: Comparison
    private let keys: [ChartLegend.Key]

    init(_ comparison: Comparison) {
        self.comparison = comparison
        keys = ChartLegend(comparison.settings.map(\.name)).keys
    }

    /// A row for each metric that was measured.
    var rows: [[Chart]] {
        comparison.metrics.map(row).filter { !$0.isEmpty }
    }

    /// The rows of the picture: the loss and what else says most, or what somebody has chosen.
    var pictured: [[Chart]] {
        if comparison.isChosen { return rows }
        return comparison.metrics.filter { !$0.isComplement }.map(row).filter { !$0.isEmpty }.prefix(2).map { $0 }
    }

    private func row(_ metric: ComparedMetric) -> [Chart] {
        var charts: [Chart] = []
        if metric.showsTraining {
            charts.append(
                chart(metric, "training", .line) { run in
                    run.history.intervals.compactMap { record in
                        record.metrics[metric.description.name].map {
                            Figure(step: record.step, epoch: record.epoch, value: metric.shown($0))
                        }
                    }
                })
        }
        if metric.showsValidation {
            charts.append(
                chart(metric, "validation", .dottedLine) { run in
                    run.history.validations.compactMap { record in
                        record.metrics[metric.description.name].map {
                            Figure(step: record.step, epoch: record.epoch, value: metric.shown($0))
                        }
                    }
                })
        }
        charts = charts.filter { !$0.isEmpty }
        // On one logarithmic scale a validation that stays where it is would be a flat line.
        let values = charts.flatMap(\.values)
        let isShared = !charts.contains { ChartDrawing($0, beside: values).vertical.isLogarithmic }
        let last = charts.flatMap { $0.series.flatMap { $0.points.map(\.x) } }.max() ?? 0
        return charts.map { chart in
            var chart = chart
            (chart.sharedValues, chart.lastEpoch) = (isShared ? values : [], last)
            return chart
        }
    }

    private func chart(
        _ metric: ComparedMetric, _ part: String, _ style: Chart.Series.Style,
        _ values: (RecordedRun) -> [Figure]
    ) -> Chart {
        let isFraction = metric.description.format == .fraction
        let isLinear = metric.description.higherIsBetter && !metric.isComplement
        let series = zip(comparison.settings, keys).map { setting, key in
            ComparisonCharts.series(key, style, setting.counted.map(values))
        }
        return Chart(
            title: "\(metric.title), \(part)", series: series.filter { !$0.points.isEmpty },
            scale: isLinear ? .linear : .logarithmic(fromRatio: isFraction ? 4 : 10), isPercent: isFraction)
    }

    /// The mean of several runs at each step over those that have got there, and what lies between the lowest and the
    /// highest of them.
    static func series(
        _ key: ChartLegend.Key, _ style: Chart.Series.Style, _ runs: [[Figure]]
    ) -> Chart.Series {
        var steps: [Int: (epoch: Double, values: [Double])] = [:]
        for record in runs.joined() { steps[record.step, default: (record.epoch, [])].values.append(record.value) }
        var series = Chart.Series(name: key.name, color: key.color, style: style, points: [])
        series.isDashed = key.isDashed
        for (_, place) in steps.sorted(by: { $0.key < $1.key }) {
            // A gap is where no run has a number.
            let spread = Spread(place.values.filter(\.isFinite))
            series.points.append(Chart.Point(place.epoch, spread?.mean ?? .nan))
            if let spread, runs.count > 1 {
                series.band.append(Chart.Band(x: place.epoch, lower: spread.lowest, upper: spread.highest))
            }
        }
        return series
    }
}
