import Foundation
import NeuralNetwork
import Training

/// The page `report.html` of a run: curves, key figures, decisions, facts and the config, in one file that needs no
/// other and loads nothing.
package struct HTMLReport {
    package var run: RunDescription
    package var history: RunHistory
    /// The resolved config as text.
    package var configuration: String
    package var lastCheckpoint: CheckpointRecord?
    /// Nil while the run goes on; the page then loads itself again every 30 seconds.
    package var final: FinalRecord?
    /// The latest picture of each phase, a PNG file.
    package var pictures: [(name: String, step: Int, png: Data)]
    /// What the last validation took the samples of each class for, and its step; none in a run without classes.
    package var confusions: (step: Int, matrices: [ConfusionMatrix])?

    package init(
        run: RunDescription, history: RunHistory, configuration: String, lastCheckpoint: CheckpointRecord? = nil,
        final: FinalRecord? = nil, pictures: [(name: String, step: Int, png: Data)] = [],
        confusions: (step: Int, matrices: [ConfusionMatrix])? = nil
    ) {
        self.run = run
        self.history = history
        self.configuration = configuration
        self.lastCheckpoint = lastCheckpoint
        self.final = final
        self.pictures = pictures
        self.confusions = confusions
    }

    /// The whole page.
    package var text: String {
        let refresh = final == nil ? "\n<meta http-equiv=\"refresh\" content=\"30\">" : ""
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">\(refresh)
            <title>\(escaped(run.configurationName)) · trainer</title>
            <style>
            \(reportStyleSheet)
            </style>
            </head>
            <body>
            <h1>\(escaped(run.configurationName))<span class="status">\(escaped(status))</span></h1>
            <p class="lead">\(escaped(lead))</p>
            <div class="tiles">
            \(tiles)
            </div>
            <div class="charts">
            \(ReportCharts(run: run, history: history).all.map { ChartDrawing($0).html }.joined(separator: "\n"))
            </div>
            \(baselines)\(figures)\(confusionFigures)\(pictureFigures)\(decisions)<h2>Facts</h2>
            <div class="card facts"><table>
            \(facts)
            </table></div>
            <h2>Configuration</h2>
            <div class="card"><pre>\(escaped(configuration))</pre></div>
            </body>
            </html>

            """
    }

    private var lastStep: Int {
        max(
            final?.steps ?? 0, history.intervals.last?.step ?? 0, history.validations.last?.step ?? 0,
            run.resumedFromStep ?? 0)
    }

    private var status: String { final?.exitReason.rawValue ?? "running" }

    private var lead: String {
        "\(run.model), \(NumberText.grouped(run.parameterCount)) parameters, on "
            + "\(NumberText.count(run.trainingSamples, "training sample"))"
    }

    private var tiles: String {
        var tiles: [(value: String, name: String)] = []
        if let best = history.best {
            let place = "epoch \(NumberText.significant(best.epoch, digits: 4))"
            // What else is measured says more to people than the loss.
            let figures = best.metrics.dropFirst().prefix(2) + best.metrics.prefix(1)
            for (index, figure) in figures.enumerated() {
                let name = words(figure.description)
                tiles.append(
                    (text(figure), index == 0 ? "best validation \(name), \(place)" : "validation \(name) there"))
            }
        }
        if let loss = history.intervals.last?.metrics.first {
            tiles.append((text(loss), "training \(words(loss.description)), last interval"))
        }
        let epochs = Double(lastStep) / Double(max(run.stepsPerEpoch, 1))
        tiles.append(
            (
                NumberText.significant(epochs, digits: 4),
                "of \(NumberText.count(run.epochs, "epoch")), \(NumberText.count(lastStep, "step"))"
            ))
        if let speed = medianSpeed { tiles.append((NumberText.rate(speed), "samples/s, median")) }
        if let final {
            tiles.append(
                (
                    NumberText.duration(final.seconds),
                    run.resumedFromStep == nil ? "wall time" : "wall time since resuming"
                ))
        }
        return tiles.map { "<div class=\"tile\"><b>\(escaped($0.value))</b><span>\(escaped($0.name))</span></div>" }
            .joined(separator: "\n")
    }

    private var medianSpeed: Double? {
        let speeds = history.intervals.map(\.samplesPerSecond).filter(\.isFinite).sorted()
        return speeds.isEmpty ? nil : speeds[speeds.count / 2]
    }

    private func text(_ metric: MetricValue) -> String {
        metric.description.format == .fraction
            ? NumberText.significant((metric.value * 100).rounded(toPlaces: 2), digits: 5) + " %"
            : NumberText.loss(metric.value)
    }

    /// A metric's title within a sentence: abbreviations keep their capitals.
    private func words(_ metric: MetricDescription) -> String {
        let isAbbreviation = metric.title.dropFirst().first?.isLowercase != true
        return isAbbreviation ? metric.title : metric.title.prefix(1).lowercased() + metric.title.dropFirst()
    }

    /// The best validation beside what forecasts without a model come to.
    private var baselines: String {
        guard !run.baselines.isEmpty else { return "" }
        let names = run.baselines[0].metrics.map(\.description)
        let rows =
            (history.best.map { [BaselineFigures(name: "this model, at its best", metrics: $0.metrics)] } ?? [])
            + run.baselines.map { BaselineFigures(name: "without a model: \($0.name)", metrics: $0.metrics) }
        let heads = names.map { "<th class=\"number\">\(escaped($0.title))</th>" }.joined()
        let lines = rows.map { row in
            let cells = names.map { name in
                let value = row.metrics.first { $0.name == name.name }.map(text) ?? "–"
                return "<td class=\"number\">\(escaped(value))</td>"
            }
            return "<tr><th>\(escaped(row.name))</th>\(cells.joined())</tr>"
        }
        return """
            <h2>Validation beside forecasts without a model</h2>
            <div class="card"><table>
            <tr><th></th>\(heads)</tr>
            \(lines.joined(separator: "\n"))
            </table></div>

            """
    }

    private var figures: String {
        let charts = ReportCharts(run: run, history: history).figures
        if charts.isEmpty { return "" }
        return "<h2>Figures</h2>\n<div class=\"charts\">\n"
            + "\(charts.map { ChartDrawing($0).html }.joined(separator: "\n"))\n</div>\n"
    }

    private var confusionFigures: String {
        guard let confusions, !confusions.matrices.isEmpty else { return "" }
        let figures = confusions.matrices.map { ConfusionHTML(matrix: $0, step: confusions.step).text }
        return "<h2>Confusion in validation</h2>\n\(figures.joined(separator: "\n"))\n"
    }

    private var pictureFigures: String {
        if pictures.isEmpty { return "" }
        let figures = pictures.map { picture in
            "<figure class=\"card\"><figcaption>\(escaped(picture.name)), step \(NumberText.grouped(picture.step))"
                + "</figcaption><img alt=\"\(escaped(picture.name))\" "
                + "style=\"width: 100%; image-rendering: pixelated\" "
                + "src=\"data:image/png;base64,\(picture.png.base64EncodedString())\"></figure>"
        }
        return "<h2>Pictures</h2>\n<div class=\"charts\">\n\(figures.joined(separator: "\n"))\n</div>\n"
    }

    private var decisions: String {
        if history.decisions.isEmpty { return "" }
        let rows = history.decisions.map { decision in
            let epoch = NumberText.significant(Double(decision.step) / Double(max(run.stepsPerEpoch, 1)), digits: 4)
            return
                "<tr><td class=\"number\">\(NumberText.grouped(decision.step))</td><td "
                + "class=\"number\">\(epoch)</td><td>\(escaped(decision.kind.rawValue))</td>"
                + "<td>\(escaped(decision.reason))</td></tr>"
        }
        return """
            <h2>Decisions</h2>
            <div class="card"><table>
            <tr><th class="number">step</th><th class="number">epoch</th><th>what</th><th>why</th></tr>
            \(rows.joined(separator: "\n"))
            </table></div>

            """
    }

    private var facts: String {
        var rows: [(name: String, value: String, isCode: Bool)] = [
            ("Workers", ProgressText.workers(run), false),
            ("OpenBLAS kernels", run.openBLASCore, false),
            ("Batch", String(ProgressText.batch(run).trimmingPrefix("batch ")), false),
            (
                "Planned",
                "\(NumberText.count(run.epochs, "epoch")) of \(NumberText.count(run.stepsPerEpoch, "step")), "
                    + "\(NumberText.count(run.totalSteps, "step")) in all",
                false
            ),
            ("Training samples", NumberText.grouped(run.trainingSamples), false),
            ("Validation samples", NumberText.grouped(run.validationSamples), false),
            ("Run directory", run.runDirectory, true),
        ]
        if let step = run.resumedFromStep { rows.append(("Resumed from step", NumberText.grouped(step), false)) }
        if let lastCheckpoint { rows.append(("Last checkpoint", lastCheckpoint.path, true)) }
        for note in run.notes { rows.append(("Note", note, false)) }
        if let final {
            for figure in final.validation {
                guard let value = figure.value else { continue }
                let metric = figure.description
                let shown = metric.format == .fraction ? text(.init(metric, value)) : NumberText.significant(value)
                rows.append(("Final validation \(words(metric))", shown, false))
            }
            rows.append(("Ended", final.exitReason.rawValue, false))
            rows.append(("Digest of the weights", final.digest, true))
        }
        return rows.map { row in
            let value = row.isCode ? "<code>\(escaped(row.value))</code>" : escaped(row.value)
            return "<tr><th>\(escaped(row.name))</th><td>\(value)</td></tr>"
        }.joined(separator: "\n")
    }
}
