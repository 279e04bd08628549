import NeuralNetwork
import System
import Training

/// The logs of a run directory, a JSON object a line: `metrics.jsonl`, `decisions.jsonl` and, once there is a figure,
/// `figures.jsonl`.
///
/// When a run resumes, lines beyond its checkpoint are cut off before anything is appended, so that no step appears
/// twice. Decisions that are events of one job (a restart, a signal) stay: the resumed run does not make them again.
package final class MetricsLog {
    /// What the logs held when they were opened, after the cut.
    package let history: RunHistory
    /// Lines that could not be read (torn by a crash or a power cut) and were left out.
    package let damagedLines: Int
    private let metrics: AppendingFile
    private let decisions: AppendingFile
    private let figuresPath: String
    /// Nil until there is one.
    private var figures: AppendingFile?

    /// Opens the logs in `directory`.
    ///
    /// - Parameters:
    ///   - step: the step of the checkpoint that the run goes on from; nil starts both logs anew.
    ///   - metrics: what the run measures, for the figures that are read back.
    package init(directory: String, resumingFromStep step: Int?, metrics known: [MetricDescription]) throws {
        var history = RunHistory()
        var damaged = 0
        let metricsPath = directory + "/metrics.jsonl"
        let decisionsPath = directory + "/decisions.jsonl"
        try MetricsLog.filterLines(of: metricsPath) { line in
            guard let step else { return false }
            guard let record = MetricsLine(line, known) else {
                damaged += 1
                return false
            }
            if record.step > step { return false }
            switch record {
            case .interval(let interval): history.intervals.append(interval)
            case .validation(let validation): history.validations.append(validation)
            }
            return true
        }
        try MetricsLog.filterLines(of: decisionsPath) { line in
            guard let step else { return false }
            guard let record = DecisionRecord(line: line) else {
                damaged += 1
                return false
            }
            if record.step > step && record.kind.isReplayed { return false }
            history.decisions.append(record)
            return true
        }
        figuresPath = directory + "/figures.jsonl"
        try MetricsLog.filterLines(of: figuresPath) { line in
            guard let step else { return false }
            guard let record = FigureRecord(line: line) else {
                damaged += 1
                return false
            }
            if record.step > step { return false }
            history.figures.append(record)
            return true
        }
        self.history = history
        damagedLines = damaged
        metrics = try AppendingFile(path: metricsPath)
        decisions = try AppendingFile(path: decisionsPath)
    }

    package func append(_ record: IntervalRecord) throws { try metrics.append(Array((record.jsonLine + "\n").utf8)) }

    package func append(_ record: ValidationRecord) throws { try metrics.append(Array((record.jsonLine + "\n").utf8)) }

    package func append(_ record: DecisionRecord) throws { try decisions.append(Array((record.jsonLine + "\n").utf8)) }

    package func append(_ record: FigureRecord) throws {
        let file = try figures ?? AppendingFile(path: figuresPath)
        figures = file
        try file.append(Array((record.jsonLine + "\n").utf8))
    }

    /// Rewrites the file at `path` with only the lines that `isKept`; leaves it alone when that is all of them.
    private static func filterLines(of path: String, isKept: (ArraySlice<UInt8>) -> Bool) throws {
        guard let bytes = try readFile(at: path) else { return }
        let newline = UInt8(ascii: "\n")
        var kept: [UInt8] = []
        for line in bytes.split(separator: newline, omittingEmptySubsequences: true) where isKept(line) {
            kept.append(contentsOf: line)
            kept.append(newline)
        }
        if kept == bytes { return }
        try ReportingError.wrapping { () throws(SystemError) in try AtomicFile.write(bytes: kept, to: path) }
    }
}
