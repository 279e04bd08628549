import JobHealth

/// Why runs can't be compared; every text ends with what to do.
package enum ComparisonError: CodedError, Equatable, CustomStringConvertible {
    /// A directory without a run's files.
    case noRun(path: String)
    /// The same run twice.
    case sameRun(path: String)
    /// No run that has measured anything.
    case nothingMeasured
    /// None of the runs measures it.
    case unknownMetric(String, nearest: String?, measured: [String])

    package var exitCode: ExitCode { .usage }

    package var description: String {
        switch self {
        case .noRun(let path):
            "\(path): no run directory (it has no config.yaml and metrics.jsonl); give the directory of a run or of a "
                + "sweep"
        case .sameRun(let path): "\(path): is given twice; give each run once"
        case .nothingMeasured: "none of these runs has measured anything yet; wait for their first lines of the log"
        case .unknownMetric(let name, let nearest, let measured):
            "--metric \(name): none of these runs measures it\(nearest.map { " (did you mean '\($0)'?)" } ?? ""); "
                + "measured here: \(measured.joined(separator: ", "))"
        }
    }
}
