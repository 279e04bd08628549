/// Where the time of traced steps went, rank by rank.
package struct TraceRecord: Equatable, Sendable {
    /// What a rank did, or waited for.
    package enum Share: String, CaseIterable, Sendable {
        /// Forward and backward.
        case computing
        /// Waiting for a batch, or reading one itself.
        case data
        /// Waiting for ranks that were later.
        case ranks
        /// Waiting for sums on their way, when all ranks had their parts.
        case exchanging
        case adding, updating, saving, validating
        /// What nothing above says.
        case other

        /// As in `it waited for data 61 % of that`.
        var past: String {
            switch self {
            case .computing: "computed"
            case .data: "waited for data"
            case .ranks: "waited for ranks"
            case .exchanging: "exchanged"
            case .adding: "added"
            case .updating: "updated weights"
            case .saving: "saved"
            case .validating: "validated"
            case .other: "did something else"
            }
        }

        /// Whether the time depends on what others do.
        var isOfOthers: Bool { self == .ranks || self == .exchanging }
    }

    package struct Rank: Equatable, Sendable {
        package var rank: Int
        package var host: String
        package var seconds: [Share: Double]

        package init(rank: Int, host: String, seconds: [Share: Double]) {
            self.rank = rank
            self.host = host
            self.seconds = seconds
        }

        /// Of all traced steps.
        package var total: Double { Share.allCases.reduce(0) { $0 + of($1) } }

        /// Without what depends on others.
        package var own: Double { Share.allCases.reduce(0) { $0 + ($1.isOfOthers ? 0 : of($1)) } }

        package func of(_ share: Share) -> Double { seconds[share] ?? 0 }
    }

    package var steps: ClosedRange<Int>
    package var path: String
    /// By number.
    package var ranks: [Rank]

    package init(steps: ClosedRange<Int>, path: String, ranks: [Rank]) {
        self.steps = steps
        self.path = path
        self.ranks = ranks
    }

    /// Up to this part above the median nobody is called slow: clocks and other programs make as much of a difference.
    private static let leastExcess = 0.05

    /// The rank whose own part of the steps took longest.
    package var slowest: Rank? { ranks.max { $0.own < $1.own } }

    /// Who was slowest, and by what; of one rank, what it spent its time on.
    ///
    /// All ranks of a job end a step together, so that slow is who made others wait: what counts is each rank's time
    /// without waiting for others. The cause is the kind of time that is longer than the ranks' median by the most.
    package var slowestLine: String {
        guard let slowest, slowest.total > 0 else { return "slowest: no step was traced" }
        if ranks.count == 1 {
            let largest = Share.allCases.filter { slowest.of($0) >= 0.005 * slowest.total }
                .sorted { slowest.of($0) > slowest.of($1) }.prefix(3)
            let parts = largest.map { "\($0.past) \(percent(slowest.of($0) / slowest.total))" }
            return "time: the one rank " + parts.joined(separator: ", ")
        }
        let name = "rank \(slowest.rank) on \(slowest.host)"
        let usual = TraceRecord.median(ranks.map(\.own))
        let excess = slowest.own - usual
        guard excess > TraceRecord.leastExcess * usual else {
            let more = max(excess, 0) / max(usual, 1e-12)
            return "slowest: no rank stands out; \(name) took \(percent(more)) longer than the median"
        }
        func more(_ share: Share) -> Double { slowest.of(share) - TraceRecord.median(ranks.map { $0.of(share) }) }
        let cause = Share.allCases.filter { !$0.isOfOthers }.max { more($0) < more($1) } ?? .other
        return "slowest: \(name), \(percent(excess / max(usual, 1e-12))) longer than the median; it \(cause.past) "
            + "\(percent(min(more(cause) / excess, 1))) of that"
    }

    /// Of an even number the mean of the two in the middle.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.isEmpty ? 0 : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private func percent(_ part: Double) -> String { "\(Int((100 * part).rounded())) %" }
}
