import Foundation
import NeuralNetwork
import System
import Training

/// Shows and records a run: progress on standard output, `metrics.jsonl`, `decisions.jsonl`, `figures.jsonl`,
/// TensorBoard events and `report.html` in the run directory.
///
/// A terminal that is gone does not end a run; a log that cannot be written does, by a ``ReportingError``, unless the
/// run is to go on without its storage.
package final class RunReporter: TrainingObserver {
    /// Everything that exists once the run directory is known.
    private struct Session {
        var run: RunDescription
        var log: MetricsLog
        var events: TensorBoardWriter
        var history: RunHistory
        var lastCheckpoint: CheckpointRecord?
        /// The latest pictures of each phase, by the phase's name.
        var pictures: [PictureRecord] = []
        /// The last steps that were traced.
        var trace: TraceRecord?
        /// The last validation that tells more than figures.
        var shown: ValidationRecord?
    }

    private let configuration: String
    private let progressLine: ProgressLine
    private let now: () -> Double
    private let wallTime: () -> Double
    /// When the last report was written, and how long that took.
    private var (reportedAt, reportSeconds) = (-Double.infinity, 0.0)
    /// Between two reports passes at least so many times what the last one took, and so many seconds before one that no
    /// validation asks for.
    private static let reportInterval = 100.0
    private static let quietSeconds = 10.0
    private var session: Session?
    private let goesOnWithoutStorage: Bool
    /// Whether the last write failed, so that a full disk is noted once.
    private var isWithoutStorage = false

    /// A reporter for a run with the resolved config text `configuration`, on the standard output of this process.
    ///
    /// - Parameter goesOnWithoutStorage: whether a log that cannot be written is a note instead of an error, once the
    ///   run has begun.
    package convenience init(configuration: String, goesOnWithoutStorage: Bool = false) {
        let start = ContinuousClock.now
        self.init(
            configuration: configuration, goesOnWithoutStorage: goesOnWithoutStorage, output: StandardOutput(),
            now: { (ContinuousClock.now - start) / .seconds(1) }, wallTime: { Date().timeIntervalSince1970 })
    }

    /// - Parameters:
    ///   - now: a clock that never goes back, in seconds.
    ///   - wallTime: seconds since 1970.
    package init(
        configuration: String, goesOnWithoutStorage: Bool = false, output: any TextOutput, now: @escaping () -> Double,
        wallTime: @escaping () -> Double
    ) {
        self.configuration = configuration
        self.goesOnWithoutStorage = goesOnWithoutStorage
        self.now = now
        self.wallTime = wallTime
        progressLine = ProgressLine(output: output, now: now)
    }

    package func began(_ run: RunDescription) throws {
        let log = try MetricsLog(
            directory: run.runDirectory, resumingFromStep: run.resumedFromStep, metrics: run.metrics)
        let events = try TensorBoardWriter(
            directory: run.runDirectory, host: run.hosts.first ?? "localhost", process: getpid(),
            resumingFromStep: run.resumedFromStep, wallTime: wallTime)
        session = Session(run: run, log: log, events: events, history: log.history)
        progressLine.began(run)
        if log.damagedLines > 0 {
            progressLine.note(
                "note: left out \(NumberText.count(log.damagedLines, "damaged line")) of the logs in "
                    + "\(run.runDirectory)"
            )
        }
    }

    package func progress(
        step: Int, of totalSteps: Int, epoch: Double, metrics: [MetricValue], samplesPerSecond: Double
    ) {
        progressLine.progress(step: step, metrics: metrics, samplesPerSecond: samplesPerSecond)
    }

    package func logged(_ interval: IntervalRecord) throws {
        progressLine.logged(interval)
        try update("an interval") { session in
            session.history.intervals.append(interval)
            try session.log.append(interval)
            try session.events.append(interval)
        }
        // A page that is left open goes on within a long epoch, too.
        if isReportDue, now() - reportedAt >= RunReporter.quietSeconds { try writeReport(final: nil) }
    }

    package func validated(_ validation: ValidationRecord) throws {
        progressLine.validated(validation)
        try update("a validation") { session in
            var kept = validation
            (kept.confusions, kept.mistakes, kept.filters) = ([], [], [])  // the last ones are all that is shown
            session.history.validations.append(kept)
            if !validation.confusions.isEmpty || !validation.filters.isEmpty { session.shown = validation }
            try session.log.append(validation)
            try session.events.append(validation)
        }
        if isReportDue { try writeReport(final: nil) }
    }

    /// Writes `pictures/NAME-step-NNNNNNNN.png`, and keeps it for the report.
    package func pictured(_ record: PictureRecord) throws {
        let png = try PNGFile.sheet(
            record.values, count: record.count, height: record.height, width: record.width, channels: record.channels,
            columns: record.columns)
        try update("a picture") { session in
            session.pictures.removeAll { $0.name == record.name }
            session.pictures.append(record)
            let folder = session.run.runDirectory + "/pictures"
            guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
                throw ReportingError.system("make", folder, code: errno)
            }
            let digits = String(record.step)
            let number = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
            try ReportingError.wrapping { () throws(SystemError) in
                try AtomicFile.write(
                    bytes: Array(png), to: "\(folder)/\(record.name)-step-\(number).png", isDurable: false)
            }
        }
    }

    package func figured(_ figure: FigureRecord) throws {
        try update("a figure") { session in
            session.history.figures.append(figure)
            try session.log.append(figure)
        }
    }

    package func decided(_ decision: DecisionRecord) throws {
        progressLine.decided(decision)
        try update("a decision") { session in
            session.history.decisions.append(decision)
            try session.log.append(decision)
        }
    }

    package func traced(_ trace: TraceRecord) throws {
        try update("a trace") { $0.trace = trace }
    }

    package func saved(_ checkpoint: CheckpointRecord) throws {
        try update("a checkpoint") { $0.lastCheckpoint = checkpoint }
    }

    /// Begins the logs anew with all records so far.
    package func runDirectoryIsNew() throws {
        try update("a new run directory") { [wallTime] session in
            let log = try MetricsLog(directory: session.run.runDirectory, resumingFromStep: nil, metrics: [])
            let events = try TensorBoardWriter(
                directory: session.run.runDirectory, host: session.run.hosts.first ?? "localhost", process: getpid(),
                resumingFromStep: nil,
                wallTime: wallTime)
            var validations = session.history.validations[...]
            for interval in session.history.intervals {
                while let validation = validations.first, validation.step < interval.step {
                    try log.append(validation)
                    try events.append(validation)
                    validations.removeFirst()
                }
                try log.append(interval)
                try events.append(interval)
            }
            for validation in validations {
                try log.append(validation)
                try events.append(validation)
            }
            for decision in session.history.decisions { try log.append(decision) }
            for figure in session.history.figures { try log.append(figure) }
            (session.log, session.events) = (log, events)
        }
    }

    /// Writes the report, then the last line on standard output; nothing may be printed after it.
    package func finished(_ final: FinalRecord) throws {
        try writeReport(final: final)
        if let trace = session?.trace { progressLine.note(trace.slowestLine) }
        progressLine.finished(final)
    }

    /// Takes the redrawn line away, so that an error message begins on an empty line.
    package func clearProgress() { progressLine.clear() }

    private func update(_ record: String, _ change: (inout Session) throws -> Void) throws {
        guard var current = session else { throw ReportingError.notBegun(record: record) }
        session = nil  // the copy is the only holder, so that appending to the history does not copy it
        defer { session = current }
        try storing { try change(&current) }
    }

    /// Runs `write`; where the run goes on without its storage, what it refuses is lost and said.
    private func storing(_ write: () throws -> Void) throws {
        do {
            try write()
            isWithoutStorage = false
        } catch let error as ReportingError where goesOnWithoutStorage && error.isOfStorage {
            if !isWithoutStorage { progressLine.note("note: training goes on, its log has a gap: \(error)") }
            isWithoutStorage = true
        }
    }

    /// Whether the next report may be written: the cost of one grows with the run, so that one after every validation
    /// would cost the square of it.
    private var isReportDue: Bool { now() - reportedAt >= RunReporter.reportInterval * reportSeconds }

    private func writeReport(final: FinalRecord?) throws {
        guard let session else { throw ReportingError.notBegun(record: "the end") }
        let start = now()
        defer {
            reportedAt = now()
            reportSeconds = reportedAt - start
        }
        let report = HTMLReport(
            run: session.run, history: session.history, configuration: configuration,
            lastCheckpoint: session.lastCheckpoint, final: final, pictures: session.pictures, shown: session.shown,
            trace: session.trace, writtenAt: wallTime())
        let text = try report.text()
        try storing {
            try ReportingError.wrapping { () throws(SystemError) in
                try AtomicFile.write(
                    bytes: Array(text.utf8), to: session.run.runDirectory + "/report.html", isDurable: false)
            }
        }
    }
}
