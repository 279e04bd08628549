import Foundation

/// Something the run decided or met that a reader of its curves must know.
package struct DecisionRecord: Equatable, Sendable {
    /// What kind of decision it was; raw values are the words in `decisions.jsonl`.
    package enum Kind: String, Sendable, CaseIterable, Codable {
        case decay, rollback, earlyStop, lossReached, metricReached, restart, resume, start, rateChanged, stopSignal,
            skipNonFinite,
            checkpointFallback,
            saveFailed,
            runDirectoryLost,
            samplesLeftOut,
            traced, traceFailed

        /// Whether a run that goes on from an earlier checkpoint decides this again by itself.
        ///
        /// The others are events of one job: they happened even when the steps around them are computed again.
        package var isReplayed: Bool {
            switch self {
            case .decay, .rollback, .earlyStop, .lossReached, .metricReached, .skipNonFinite: true
            case .restart, .resume, .start, .rateChanged, .stopSignal, .checkpointFallback, .saveFailed,
                .runDirectoryLost, .samplesLeftOut, .traced, .traceFailed:
                false
            }
        }
    }

    /// Finished steps when it was decided.
    package var step: Int
    package var kind: Kind
    /// One sentence for people: what was decided and why.
    package var reason: String
    /// The numbers behind the reason by name, such as `from`, `to`, `best`.
    package var numbers: [String: Double]

    package init(step: Int, kind: Kind, reason: String, numbers: [String: Double] = [:]) {
        self.step = step
        self.kind = kind
        self.reason = reason
        self.numbers = numbers
    }
}

/// A number in a reason, with six significant digits.
func decimal(_ value: Double) -> String { String(format: "%.6g", value) }
