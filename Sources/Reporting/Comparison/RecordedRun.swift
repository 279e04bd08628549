import Checkpointing
import Foundation
import NeuralNetwork
import System
import Training

/// What a run directory tells of its run.
package struct RecordedRun: Sendable {
    package let path: String
    package let configuration: RunConfiguration
    /// The values of the configuration that make its setting: two runs with the same ones differ by seed at most.
    let setting: [(path: String, value: String)]
    package let history: RunHistory
    /// Lines of the log that could not be read, such as one that is just being written.
    package let damagedLines: Int
    /// SHA-256 of the final weights; nil where the run has not come to its end.
    package let digest: String?

    /// Reads a run directory. Throws ``ComparisonError``, `ConfigurationError`, ``ReportingError``,
    /// `CheckpointError`.
    package init(_ path: String) throws {
        let directory = RunDirectory(path)
        guard access(directory.configuration, F_OK) == 0, access(directory.path + "/metrics.jsonl", F_OK) == 0 else {
            throw ComparisonError.noRun(path: path)
        }
        self.path = directory.path
        configuration = try RunConfiguration(file: directory.configuration)
        setting = try configuration.values(without: RecordedRun.bystanders)
        (history, damagedLines) = try RecordedRun.history(directory.path)
        digest = try directory.finalDigest()
        let saved = digest == nil ? nil : CheckpointStore.newestEntry(in: directory.checkpoints)?.step
        steps = max(history.lastStep, saved ?? 0)
    }

    /// What does not make a setting another one.
    private static let bystanders: Set<String> = [
        "seed", "name", "data.path", "checkpoint", "replicaCheck", "deadlineSeconds", "data.loader",
    ]

    /// What its setting is, in one text.
    var settingText: String { setting.map { "\($0.path)=\($0.value)\n" }.joined() }

    /// The directory's own name.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Finished steps: of a run that has come to its end those of its last checkpoint, since its log may end before.
    package let steps: Int

    /// What its steps have taken: the seconds of an interval of the log follow from its samples and its speed.
    package var seconds: Double {
        var before = 0
        return history.intervals.reduce(0) { sum, interval in
            defer { before = interval.samples }
            let seconds = Double(interval.samples - before) / interval.samplesPerSecond
            return seconds.isFinite && seconds > 0 ? sum + seconds : sum
        }
    }

    /// The last value of a metric in training; nil where there is none.
    package func lastTraining(_ name: String) -> Double? {
        history.intervals.reversed().lazy.compactMap { $0.metrics[name] }.first
    }

    /// The last value of a metric in validation; nil where there is none.
    package func lastValidation(_ name: String) -> Double? {
        history.validations.reversed().lazy.compactMap { $0.metrics[name] }.first
    }

    /// The records of `metrics.jsonl`, and how many lines are none.
    private static func history(_ directory: String) throws -> (history: RunHistory, damagedLines: Int) {
        var history = RunHistory()
        var damaged = 0
        var known: [String: MetricDescription] = [:]
        func described(_ values: [MetricValue]) -> [MetricValue] {
            values.map { value in
                let description = known[value.name] ?? .logged(value.name)
                known[value.name] = description
                return MetricValue(description, value.value)
            }
        }
        let bytes = try readFile(at: directory + "/metrics.jsonl") ?? []
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            switch MetricsLine(line, [.loss]) {
            case .interval(var record):
                record.metrics = described(record.metrics)
                history.intervals.append(record)
            case .validation(var record):
                record.metrics = described(record.metrics)
                history.validations.append(record)
            case nil: damaged += 1
            }
        }
        return (history, damaged)
    }
}

extension RunHistory {
    /// Finished steps.
    fileprivate var lastStep: Int { max(intervals.last?.step ?? 0, validations.last?.step ?? 0) }
}
