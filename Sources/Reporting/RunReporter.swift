import Foundation
import System
import Training

/// Shows and records a run: progress on standard output, `metrics.jsonl`, `decisions.jsonl`, TensorBoard events and
/// `report.html` in the run directory.
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
    }

    private let configuration: String
    private let progressLine: ProgressLine
    private let wallTime: () -> Double
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
        self.wallTime = wallTime
        progressLine = ProgressLine(output: output, now: now)
    }

    package func began(_ run: RunDescription) throws {
        let log = try MetricsLog(directory: run.runDirectory, resumingFromStep: run.resumedFromStep)
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
        step: Int, of totalSteps: Int, epoch: Double, loss: Double, accuracy: Double?, samplesPerSecond: Double
    ) {
        progressLine.progress(step: step, loss: loss, accuracy: accuracy, samplesPerSecond: samplesPerSecond)
    }

    package func logged(_ interval: IntervalRecord) throws {
        progressLine.logged(interval)
        try update("an interval") { session in
            session.history.intervals.append(interval)
            try session.log.append(interval)
            try session.events.append(interval)
        }
    }

    package func validated(_ validation: ValidationRecord) throws {
        progressLine.validated(validation)
        try update("a validation") { session in
            session.history.validations.append(validation)
            try session.log.append(validation)
            try session.events.append(validation)
        }
        try writeReport(final: nil)
    }

    package func decided(_ decision: DecisionRecord) throws {
        progressLine.decided(decision)
        try update("a decision") { session in
            session.history.decisions.append(decision)
            try session.log.append(decision)
        }
    }

    package func saved(_ checkpoint: CheckpointRecord) throws {
        try update("a checkpoint") { $0.lastCheckpoint = checkpoint }
    }

    /// Begins the logs anew with all records so far.
    package func runDirectoryIsNew() throws {
        try update("a new run directory") { [wallTime] session in
            let log = try MetricsLog(directory: session.run.runDirectory, resumingFromStep: nil)
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
            (session.log, session.events) = (log, events)
        }
    }

    /// Writes the report, then the last line on standard output; nothing may be printed after it.
    package func finished(_ final: FinalRecord) throws {
        try writeReport(final: final)
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

    private func writeReport(final: FinalRecord?) throws {
        guard let session else { throw ReportingError.notBegun(record: "the end") }
        let report = HTMLReport(
            run: session.run, history: session.history, configuration: configuration,
            lastCheckpoint: session.lastCheckpoint, final: final)
        try storing {
            try ReportingError.wrapping { () throws(SystemError) in
                try AtomicFile.write(
                    bytes: Array(report.text.utf8), to: session.run.runDirectory + "/report.html", isDurable: false)
            }
        }
    }
}
