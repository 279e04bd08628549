import Foundation
import Reporting
import Training

/// The runs of a sweep as they are compared.
package enum SweepResults {
    /// What the directory of a sweep holds; nil of one that is none. Throws ``SweepError``, `SystemError`.
    package static func members(in folder: String) throws -> [Comparison.Member]? {
        let path = RunDirectory(folder).path
        return try SweepJournal.read(path).map { members(in: path, $0.header, $0.last) }
    }

    /// The same of a journal that has been read.
    package static func members(
        in folder: String, _ header: SweepHeader, _ last: [String: SweepEvent]
    ) -> [Comparison.Member] {
        header.runs.map { run in
            let path = "\(folder)/\(run.name)"
            var failure = last[run.name].flatMap { $0.event == .failed ? $0.cause ?? "for no known cause" : nil }
            var recorded: RecordedRun?
            do {
                recorded = try RecordedRun(path)
                // Somebody has helped it to its end.
                if recorded?.digest != nil { failure = nil }
            } catch ComparisonError.noRun(_) {
                // It has not begun, or failed before it could write anything.
            } catch {
                failure = failure ?? "\(error)"
            }
            return Comparison.Member(
                name: run.name, path: path, setting: run.setting, seed: run.seed, ranks: run.ranks,
                threads: run.threads, failure: failure, run: recorded)
        }
    }
}
