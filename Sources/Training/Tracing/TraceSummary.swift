import System

/// Makes a ``TraceRecord`` of timelines.
///
/// A rank's time is that of its main thread in its steps, of events within each other the innermost. While it waits for
/// its other workers, it is what these do. While it waits for sums, it waits for ranks until the last of them has all
/// its partial sums of the step; then the sums are exchanged, or added by its communication thread.
package struct TraceSummary {
    private let ranks: [RankTimeline]
    /// Of each rank, by step, when its partial sums were final.
    private let readyTimes: [[Int32: Int]]
    /// When the last rank's were.
    private let lastReady: [Int32: Int]

    package init(_ ranks: [RankTimeline]) {
        self.ranks = ranks
        readyTimes = ranks.map { rank in
            var times: [Int32: Int] = [:]
            for event in rank.tracks.lazy.flatMap(\.events) where event.kind == .ready {
                times[event.step] = max(times[event.step] ?? .min, event.start)
            }
            return times
        }
        lastReady = readyTimes.reduce(into: [:]) { all, own in all.merge(own) { max($0, $1) } }
    }

    package func record(steps: ClosedRange<Int>, path: String) -> TraceRecord {
        TraceRecord(steps: steps, path: path, ranks: ranks.indices.map(rank))
    }

    /// A part of a thread's time in which it did one thing.
    package struct Segment: Equatable {
        package var kind: TimelineEvent.Kind
        package var start: Int
        package var end: Int

        /// Nanoseconds that this has in common with a time.
        func overlap(_ start: Int, _ end: Int) -> Int { max(min(self.end, end) - max(self.start, start), 0) }
    }

    /// A thread's time cut where something begins or ends, each piece with the innermost event that it lies in.
    package static func segments(of track: TimelineTrack) -> [Segment] {
        var result: [Segment] = []
        var open: [(kind: TimelineEvent.Kind, end: Int)] = []
        var time = Int.min
        func pass(until end: Int) {
            if let kind = open.last?.kind, end > time { result.append(Segment(kind: kind, start: time, end: end)) }
            time = max(time, end)
        }
        func close(until limit: Int) {
            while let last = open.last, last.end <= limit {
                pass(until: last.end)
                open.removeLast()
            }
        }
        let events = track.events.filter { !$0.isInstant && $0.kind != .exchange }
        for event in events.sorted(by: { ($0.start, -$0.duration) < ($1.start, -$1.duration) }) {
            close(until: event.start)
            pass(until: event.start)
            open.append((event.kind, min(event.end, open.last?.end ?? event.end)))
        }
        close(until: .max)
        return result
    }

    private func rank(_ index: Int) -> TraceRecord.Rank {
        let tracks = ranks[index].tracks
        func segments(_ prefix: String) -> [Segment] {
            tracks.filter { $0.name.hasPrefix(prefix) }.flatMap(Self.segments)
        }
        let workers = segments("worker")
        let additions = segments("communication").filter { $0.kind == .add }
        let steps = tracks.filter { $0.name == TimelineTrack.mainName }.flatMap(\.events).filter { $0.kind == .step }
        var nanoseconds: [TraceRecord.Share: Double] = [:]
        func count(_ kind: TimelineEvent.Kind, _ start: Int, _ end: Int, weight: Double) {
            func add(_ share: TraceRecord.Share, _ time: Int) {
                nanoseconds[share, default: 0] += weight * Double(time)
            }
            guard kind == .sums else { return add(kind.share, end - start) }
            let met = min(max(othersReady(index, at: start), start), end)
            let added = min(additions.reduce(0) { $0 + $1.overlap(met, end) }, end - met)
            add(.ranks, met - start)
            add(.adding, added)
            add(.exchanging, end - met - added)
        }
        guard let first = steps.map(\.start).min(), let last = steps.map(\.end).max() else {
            return TraceRecord.Rank(rank: ranks[index].rank, host: ranks[index].host, seconds: [:])
        }
        for segment in segments(TimelineTrack.mainName) where segment.start < last && segment.end > first {
            let (start, end) = (max(segment.start, first), min(segment.end, last))
            let others =
                segment.kind == .workers ? workers.filter { $0.kind != .workers && $0.overlap(start, end) > 0 } : []
            let known = others.reduce(0) { $0 + $1.overlap(start, end) }
            guard known > 0 else {
                count(segment.kind, start, end, weight: 1)
                continue
            }
            let weight = Double(end - start) / Double(known)
            for other in others { count(other.kind, max(other.start, start), min(other.end, end), weight: weight) }
        }
        return TraceRecord.Rank(
            rank: ranks[index].rank, host: ranks[index].host, seconds: nanoseconds.mapValues { $0 / 1e9 })
    }

    /// When all ranks had their partial sums of the latest step of which this rank had its own at `time`.
    private func othersReady(_ rank: Int, at time: Int) -> Int {
        let latest = readyTimes[rank].filter { $0.value <= time }.max { $0.value < $1.value }
        return latest.flatMap { lastReady[$0.key] } ?? .min
    }
}

extension TimelineEvent.Kind {
    /// Where its time counts.
    fileprivate var share: TraceRecord.Share {
        switch self {
        case .grain, .factors: .computing
        case .data, .load: .data
        case .ranks: .ranks
        case .sums, .exchange, .messages: .exchanging
        case .add: .adding
        case .update: .updating
        case .saving: .saving
        case .validation, .evaluation: .validating
        case .step, .workers, .ready: .other
        }
    }
}
