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

    package init(
        run: RunDescription, history: RunHistory, configuration: String, lastCheckpoint: CheckpointRecord? = nil,
        final: FinalRecord? = nil
    ) {
        self.run = run
        self.history = history
        self.configuration = configuration
        self.lastCheckpoint = lastCheckpoint
        self.final = final
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
            \(decisions)<h2>Facts</h2>
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
            if let accuracy = best.valAccuracy {
                tiles.append((percent(accuracy), "best validation accuracy, \(place)"))
            }
            tiles.append(
                (
                    NumberText.loss(best.valLoss),
                    best.valAccuracy == nil ? "best validation loss, \(place)" : "validation loss there"
                ))
        }
        if let last = history.intervals.last {
            tiles.append((NumberText.loss(last.trainLoss), "training loss, last interval"))
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

    private func percent(_ share: Double) -> String {
        NumberText.significant((share * 100).rounded(toPlaces: 2), digits: 5) + " %"
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
            if let loss = final.valLoss { rows.append(("Final validation loss", NumberText.significant(loss), false)) }
            if let accuracy = final.valAccuracy { rows.append(("Final validation accuracy", percent(accuracy), false)) }
            rows.append(("Ended", final.exitReason.rawValue, false))
            rows.append(("Digest of the weights", final.digest, true))
        }
        return rows.map { row in
            let value = row.isCode ? "<code>\(escaped(row.value))</code>" : escaped(row.value)
            return "<tr><th>\(escaped(row.name))</th><td>\(value)</td></tr>"
        }.joined(separator: "\n")
    }
}
