import Foundation
import NeuralNetwork
import Training

/// The key figures at the top of the report.
struct ReportTiles {
    let report: HTMLReport

    var html: String {
        tiles.map { "<div class=\"tile\"><b>\(escaped($0.value))</b><span>\(escaped($0.name))</span></div>" }
            .joined(separator: "\n")
    }

    private var tiles: [(value: String, name: String)] {
        let (run, history) = (report.run, report.history)
        var tiles: [(value: String, name: String)] = []
        if let best = history.best {
            let place = "epoch \(NumberText.significant(best.epoch, digits: 4))"
            // What else is measured says more to people than the loss.
            let figures = best.metrics.dropFirst().prefix(2) + best.metrics.prefix(1)
            for (index, figure) in figures.enumerated() {
                let name = HTMLReport.words(figure.description)
                tiles.append(
                    (
                        HTMLReport.text(figure),
                        index == 0 ? "best validation \(name), \(place)" : "validation \(name) there"
                    ))
            }
        }
        if let loss = history.intervals.last?.metrics.first {
            tiles.append((HTMLReport.text(loss), "training \(HTMLReport.words(loss.description)), last interval"))
        }
        let epochs = Double(report.lastStep) / Double(max(run.stepsPerEpoch, 1))
        tiles.append(
            (
                NumberText.significant(epochs, digits: 4),
                "of \(NumberText.count(run.epochs, "epoch")), \(NumberText.count(report.lastStep, "step"))"
            ))
        if let speed = medianSpeed { tiles.append((NumberText.rate(speed), "samples/s, median")) }
        if let final = report.final {
            tiles.append(
                (
                    NumberText.duration(final.seconds),
                    run.resumedFromStep == nil ? "wall time" : "wall time since resuming"
                ))
        }
        return tiles
    }

    private var medianSpeed: Double? {
        let speeds = report.history.intervals.map(\.samplesPerSecond).filter(\.isFinite).sorted()
        return speeds.isEmpty ? nil : speeds[speeds.count / 2]
    }
}

/// The tables of the report.
struct ReportTables {
    let report: HTMLReport

    /// The best validation beside what forecasts without a model come to.
    var baselines: String {
        guard let first = report.run.baselines.first else { return "" }
        let names = first.metrics.map(\.description)
        let rows =
            (report.history.best.map { [BaselineFigures(name: "this model, at its best", metrics: $0.metrics)] } ?? [])
            + report.run.baselines.map { BaselineFigures(name: "without a model: \($0.name)", metrics: $0.metrics) }
        let heads = names.map { "<th scope=\"col\" class=\"number\">\(escaped($0.title))</th>" }.joined()
        let lines = rows.map { row in
            let cells = names.map { name in
                let value = row.metrics.first { $0.name == name.name }.map(HTMLReport.text) ?? "–"
                return "<td class=\"number\">\(escaped(value))</td>"
            }
            return "<tr><th scope=\"row\">\(escaped(row.name))</th>\(cells.joined())</tr>"
        }
        return table("Validation beside forecasts without a model", "<th></th>\(heads)", lines)
    }

    var decisions: String {
        if report.history.decisions.isEmpty { return "" }
        let rows = report.history.decisions.map { decision in
            let epoch = NumberText.significant(
                Double(decision.step) / Double(max(report.run.stepsPerEpoch, 1)), digits: 4)
            return
                "<tr><td class=\"number\">\(NumberText.grouped(decision.step))</td><td "
                + "class=\"number\">\(epoch)</td><td>\(escaped(decision.kind.rawValue))</td>"
                + "<td>\(escaped(decision.reason))</td></tr>"
        }
        return table(
            "Decisions",
            "<th scope=\"col\" class=\"number\">step</th><th scope=\"col\" class=\"number\">epoch</th>"
                + "<th scope=\"col\">what</th><th scope=\"col\">why</th>", rows,
            style: " tall decisions")
    }

    func table(_ title: String, _ heads: String, _ rows: [String], style: String = "") -> String {
        """
        <div class="title"><h2>\(title)</h2></div>
        <div class="card scroll\(style)" tabindex="0" role="region" aria-label="\(title)"><table>
        <tr>\(heads)</tr>
        \(rows.joined(separator: "\n"))
        </table></div>
        """
    }

    var facts: String {
        let run = report.run
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
        if let checkpoint = report.lastCheckpoint { rows.append(("Last checkpoint", checkpoint.path, true)) }
        for note in run.notes { rows.append(("Note", note, false)) }
        if let final = report.final {
            for figure in final.validation {
                guard let value = figure.value else { continue }
                let metric = figure.description
                let shown =
                    metric.format == .fraction
                    ? HTMLReport.text(.init(metric, value)) : NumberText.significant(value)
                rows.append(("Final validation \(HTMLReport.words(metric))", shown, false))
            }
            rows.append(("Ended", final.exitReason.rawValue, false))
            rows.append(("Digest of the weights", final.digest, true))
        }
        let lines = rows.map { row in
            let value = row.isCode ? "<code>\(escaped(row.value))</code>" : escaped(row.value)
            return "<tr><th scope=\"row\">\(escaped(row.name))</th><td>\(value)</td></tr>"
        }
        return """
            <div class="title"><h2>Facts</h2></div>
            <div class="card facts"><table>
            \(lines.joined(separator: "\n"))
            </table></div>
            """
    }
}
