import Foundation
import NeuralNetwork
import Training

/// The page `report.html` of a run: curves, key figures, what it takes for what, what it has learned, decisions, facts
/// and the config, in one file that needs no other and loads nothing but itself.
package struct HTMLReport {
    package var run: RunDescription
    package var history: RunHistory
    /// The resolved config as text.
    package var configuration: String
    package var lastCheckpoint: CheckpointRecord?
    /// Nil while the run goes on; the page then loads itself again every few seconds.
    package var final: FinalRecord?
    /// The latest pictures of each phase.
    package var pictures: [PictureRecord]
    /// The last validation that tells more than figures; nil where none does.
    package var shown: ValidationRecord?
    /// The last steps that were traced; nil where none were.
    package var trace: TraceRecord?
    /// Seconds since 1970; nil leaves out when the page was written.
    package var writtenAt: Double?

    package init(
        run: RunDescription, history: RunHistory, configuration: String, lastCheckpoint: CheckpointRecord? = nil,
        final: FinalRecord? = nil, pictures: [PictureRecord] = [], shown: ValidationRecord? = nil,
        trace: TraceRecord? = nil, writtenAt: Double? = nil
    ) {
        self.run = run
        self.history = history
        self.configuration = configuration
        self.lastCheckpoint = lastCheckpoint
        self.final = final
        self.pictures = pictures
        self.shown = shown
        self.trace = trace
        self.writtenAt = writtenAt
    }

    /// The whole page.
    ///
    /// - Throws: ``ReportingError`` where a picture can't be encoded.
    package func text() throws -> String {
        let reload = isLive ? "\n<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>" : ""
        return htmlPage(title: pageTitle, head: reload, sections: try sections)
    }

    /// Whether the page is to bring itself up to date: while the run goes on, and where it can go on.
    private var isLive: Bool { final == nil || final?.exitReason == .stopSignal }

    private var pageTitle: String {
        let state = final == nil ? "\(lastStep * 100 / max(run.totalSteps, 1)) % · " : ""
        return "\(state)\(run.configurationName) · trainer"
    }

    /// The parts of the page in order.
    private var sections: [(id: String, content: String)] {
        get throws {
            let tables = ReportTables(report: self)
            let charts = ReportCharts(run: run, history: history)
            return [
                ("summary", summary),
                ("curves", curves(charts.all)),
                ("confusion", try confusions),
                ("mistakes", try mistakes),
                ("filters", try filters),
                ("samples", try samples),
                ("figures", figures(charts.figures)),
                ("baselines", tables.baselines),
                ("trace", tables.trace),
                ("decisions", tables.decisions),
                ("facts", tables.facts),
                (
                    "configuration",
                    heading("Configuration") + "<div class=\"card\"><pre>\(escaped(configuration))</pre></div>"
                ),
            ]
        }
    }

    private func heading(_ title: String, note: String = "", tools: String = "") -> String {
        let note = note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>"
        return "<div class=\"title\"><h2>\(escaped(title))</h2>\(note)\(tools)</div>\n"
    }

    var lastStep: Int {
        max(
            final?.steps ?? 0, history.intervals.last?.step ?? 0, history.validations.last?.step ?? 0,
            run.resumedFromStep ?? 0)
    }

    private var summary: String {
        let status = final?.exitReason.rawValue ?? "running"
        let mark = isLive ? " data-live" : ""
        return """
            <h1>\(escaped(run.configurationName))<span class="status"\(mark)>\(escaped(status))</span></h1>
            <p class="lead">\(escaped(lead))\(written)</p>
            <div class="tiles">
            \(ReportTiles(report: self).html)
            </div>
            """
    }

    private var lead: String {
        "\(run.model), \(NumberText.grouped(run.parameterCount)) parameters, on "
            + "\(NumberText.count(run.trainingSamples, "training sample"))"
    }

    private var written: String {
        guard let writtenAt, writtenAt.isFinite else { return "" }
        let date = Date(timeIntervalSince1970: writtenAt.rounded())
        let text = date.formatted(.iso8601)
        return "; as of <time datetime=\"\(text)\">\(text)</time>"
    }

    private func curves(_ charts: [Chart]) -> String {
        let tools = """
            <div class="tools"><span class="note hint">Drag over a chart to zoom in, double-click to zoom out. On the \
            keyboard: ← → + − 0.</span>
            <button data-zoom="in" data-group="epochs">Zoom in</button>
            <button data-zoom="out" data-group="epochs" disabled>Zoom out</button>
            <button data-zoom="whole" data-group="epochs" disabled>Whole run</button></div>
            """
        return heading("Curves", tools: tools) + grid(charts)
    }

    private func figures(_ charts: [Chart]) -> String {
        charts.isEmpty ? "" : heading("Figures") + grid(charts)
    }

    private func grid(_ charts: [Chart]) -> String {
        "<div class=\"charts\">\n\(charts.map { ChartDrawing($0).html }.joined(separator: "\n"))\n</div>"
    }

    private var confusions: String {
        get throws {
            guard let shown, !shown.confusions.isEmpty else { return "" }
            let figures = try shown.confusions.map { try ConfusionHTML(matrix: $0).figures() }
            return heading("Confusion in validation", note: place(of: shown)) + figures.joined(separator: "\n")
        }
    }

    private var mistakes: String {
        get throws {
            guard let shown, !shown.mistakes.isEmpty else { return "" }
            return heading(
                "Worst mistakes in validation", note: "those whose wrong class scores highest above the right one")
                + (try shown.mistakes.map(ReportPictures.mistakes).joined(separator: "\n"))
        }
    }

    private var filters: String {
        get throws {
            guard let shown, !shown.filters.isEmpty else { return "" }
            let isGrey = shown.filters.contains { $0.channels == 1 }
            return heading(
                "First-layer filters",
                note: "each scaled by itself: grey is 0" + (isGrey ? ", white positive, black negative" : ""))
                + (try shown.filters.map(ReportPictures.filters).joined(separator: "\n"))
        }
    }

    private var samples: String {
        get throws {
            if pictures.isEmpty { return "" }
            return heading("Samples") + "<div class=\"charts\">\n"
                + (try pictures.map(ReportPictures.samples).joined(separator: "\n")) + "\n</div>"
        }
    }

    private func place(of validation: ValidationRecord) -> String {
        let epoch = NumberText.significant(validation.epoch, digits: 4)
        return "after epoch \(epoch), step \(NumberText.grouped(validation.step))"
    }

    /// A metric's value for people.
    static func text(_ metric: MetricValue) -> String {
        metric.description.format == .fraction
            ? NumberText.significant((metric.value * 100).rounded(toPlaces: 2), digits: 5) + " %"
            : NumberText.loss(metric.value)
    }

    /// A metric's title within a sentence: abbreviations keep their capitals.
    static func words(_ metric: MetricDescription) -> String {
        let isAbbreviation = metric.title.dropFirst().first?.isLowercase != true
        return isAbbreviation ? metric.title : metric.title.prefix(1).lowercased() + metric.title.dropFirst()
    }
}
