import Training

/// The charts of the report, made from a run's records.
package struct ReportCharts {
    private let run: RunDescription
    private let history: RunHistory

    package init(run: RunDescription, history: RunHistory) {
        self.run = run
        self.history = history
    }

    /// Loss, accuracy and error (when there are any), learning rate, speed and time shares, over the same epochs.
    package var all: [Chart] {
        let last = max(history.intervals.last?.epoch ?? 0, history.validations.last?.epoch ?? 0)
        let charts = [loss] + (accuracy.isEmpty ? [] : [accuracy, error]) + [learningRate, speed, timeShares]
        return charts.map { chart in
            var chart = chart
            chart.lastEpoch = last
            return chart
        }
    }

    package var loss: Chart {
        Chart(
            title: "Loss",
            series: [
                Chart.Series(name: "training", color: 1, style: .line, points: intervals { $0.trainLoss }),
                Chart.Series(name: "validation", color: 2, style: .dottedLine, points: validations { $0.valLoss }),
            ], scale: .logarithmic(fromRatio: 10))
    }

    package var accuracy: Chart {
        Chart(
            title: "Accuracy",
            series: [
                Chart.Series(name: "training", color: 1, style: .line, points: intervals { $0.trainAccuracy }),
                Chart.Series(name: "validation", color: 2, style: .dottedLine, points: validations { $0.valAccuracy }),
            ], scale: .linear, isPercent: true)
    }

    /// What accuracy leaves, on a scale that still tells 0.8 % from 0.7 %.
    package var error: Chart {
        Chart(
            title: "Error (1 − accuracy)",
            series: [
                Chart.Series(
                    name: "training", color: 1, style: .line, points: intervals { $0.trainAccuracy.map { 1 - $0 } }),
                Chart.Series(
                    name: "validation", color: 2, style: .dottedLine,
                    points: validations { $0.valAccuracy.map { 1 - $0 } }),
            ], scale: .logarithmic(fromRatio: 4), isPercent: true)
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

    private func intervals(_ value: (IntervalRecord) -> Double?) -> [Chart.Point] {
        history.intervals.compactMap { record in value(record).map { Chart.Point(record.epoch, $0) } }
    }

    private func validations(_ value: (ValidationRecord) -> Double?) -> [Chart.Point] {
        history.validations.compactMap { record in value(record).map { Chart.Point(record.epoch, $0) } }
    }
}
