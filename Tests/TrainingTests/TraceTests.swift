import Foundation
import System
import Testing
import Training

@Suite struct TraceTests {
    // MARK: - Which steps

    @Test(arguments: [("100-110", 100...110), ("7", 7...7), ("1-1", 1...1), ("3-3", 3...3)])
    func rangesAreRead(text: String, steps: ClosedRange<Int>) throws {
        #expect(try TraceRange(text).steps == steps)
    }

    @Test(arguments: [
        ("", "as 100-110"), ("abc", "as 100-110"), ("5-", "as 100-110"), ("-5", "as 100-110"), ("1-2-3", "as 100-110"),
        ("1.5", "as 100-110"), ("１-２", "as 100-110"), ("+3", "as 100-110"), ("9999999999999999999999", "as 100-110"),
        ("0", "from 1 up"), ("0-4", "from 1 up"), ("9-3", "give 3-9"),
    ])
    func otherTextsAreRefusedWithWhatToGive(text: String, remedy: String) {
        let error = #expect(throws: TraceRange.Unreadable.self) { try TraceRange(text) }
        #expect(error?.description.hasPrefix("--trace \(text): ") == true)
        #expect(error?.description.contains(remedy) == true, "\(error?.description ?? "")")
    }

    @Test func stepsBeyondTheEndAreRefused() throws {
        try TraceRange("90-100").requireWithin(totalSteps: 100)
        #expect(throws: TrainingError.traceBeyondEnd(steps: "90-101", total: 100)) {
            try TraceRange("90-101").requireWithin(totalSteps: 100)
        }
    }

    // MARK: - The file

    /// A span in microseconds.
    private func span(_ kind: TimelineEvent.Kind, _ start: Int, _ end: Int, number: Int = -1, step: Int = 1)
        -> TimelineEvent
    {
        TimelineEvent(kind, number: number, step: step, start: 1000 * start, duration: 1000 * (end - start))
    }

    private func ready(_ time: Int, step: Int = 1) -> TimelineEvent {
        TimelineEvent(.ready, number: 0, step: step, start: 1000 * time, duration: -1)
    }

    private func rank(_ rank: Int, host: String = "node", _ tracks: [(String, [TimelineEvent])]) -> RankTimeline {
        RankTimeline(
            rank: rank, host: host, tracks: tracks.map { TimelineTrack(name: $0.0, events: $0.1) }, clockError: 1500)
    }

    @Test func timelinesSurviveTheWayToRank0() {
        var sent = rank(3, host: "näh", [("main", [span(.step, 5, 9), ready(7)]), ("worker-1", [])])
        sent.tracks[1].lost = 12
        #expect(RankTimeline(rank: 3, host: "näh", bytes: sent.bytes) == sent)
        let none = rank(0, [])
        #expect(RankTimeline(rank: 0, host: "node", bytes: none.bytes) == none)
    }

    @Test func theFileHoldsEveryEventOnTracksThatNest() throws {
        let ranks = [
            rank(
                0,
                [
                    ("loader-0", [span(.load, 100, 110, number: 2)]),
                    (
                        "main",
                        [
                            span(.data, 101, 103, number: 1), ready(105), span(.grain, 101, 106, number: 1),
                            span(.step, 100, 120),
                        ]
                    ),
                    (
                        "communication",
                        [
                            span(.exchange, 100, 108, number: 0), span(.add, 105, 106, number: 0),
                            span(.exchange, 104, 112, number: 1), span(.exchange, 108, 110, number: 2),
                            span(.messages, 100, 115),
                        ]
                    ),
                ]), rank(1, host: "a \"quoted\" host", [("main", [span(.step, 90, 95)]), ("worker-1", [])]),
        ]
        let bytes = TraceFile(ranks, steps: 4...5).bytes
        let file = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        let other = try #require(file["otherData"] as? [String: Any])
        #expect(other["firstStep"] as? Int == 4 && other["lastStep"] as? Int == 5)
        let clocks = try #require(other["ranks"] as? [[String: Any]])
        #expect(clocks.map { $0["clockErrorMicroseconds"] as? Double } == [1.5, 1.5])
        let events = try #require(file["traceEvents"] as? [[String: Any]])
        for event in events {
            #expect(event["name"] is String && event["ts"] is NSNumber && event["pid"] is Int && event["tid"] is Int)
            #expect(event["ph"] as? String != "X" || event["dur"] as? Double ?? -1 >= 0)
        }
        func named(_ name: String) -> [String] {
            events.filter { $0["name"] as? String == name }
                .compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
        }
        #expect(named("process_name") == ["rank 0 on node", "rank 1 on a \"quoted\" host"])
        #expect(
            named("thread_name") == [
                "main", "communication", "communication, under way 1", "communication, under way 2", "loader-0", "main",
            ])
        let spans = events.filter { $0["ph"] as? String == "X" }
        #expect(spans.count == 10 && events.count { $0["ph"] as? String == "i" } == 1)
        let first = try #require(events.first { $0["name"] as? String == "grain 1" })
        #expect(first["ts"] as? Double == 11 && first["dur"] as? Double == 5)  // the first event is at 0
        // On each track the open spans end in the reverse order of their beginnings.
        let tracks = Dictionary(grouping: spans) { [$0["pid"] as? Int, $0["tid"] as? Int] }
        for track in tracks.values {
            var open: [Double] = []
            for span in track {
                let start = try #require(span["ts"] as? Double)
                let end = start + (try #require(span["dur"] as? Double))
                while let last = open.last, last <= start { open.removeLast() }
                #expect(open.last.map { end <= $0 } ?? true)
                open.append(end)
            }
        }
    }

    // MARK: - The summary

    @Test func timeBelongsToTheInnermostEvent() {
        let track = TimelineTrack(
            name: "main",
            events: [span(.data, 2, 4), span(.grain, 1, 8), span(.add, 8, 9), span(.step, 0, 10), ready(5)])
        let segments = TraceSummary.segments(of: track)
        #expect(segments.map(\.kind) == [.step, .grain, .data, .grain, .add, .step])
        #expect(segments.map { ($0.end - $0.start) / 1000 } == [1, 1, 2, 4, 1, 1])
    }

    /// Rank 1 waits 30 µs for data, which rank 0 pays for; then both wait for what is on its way.
    @Test func sumsAreWaitedForBecauseOfLateRanksOrOfTheirWay() {
        let ranks = [
            rank(
                0,
                [
                    (
                        "main",
                        [
                            span(.grain, 0, 20), ready(20), span(.sums, 20, 60), span(.update, 60, 70),
                            span(.step, 0, 70),
                        ]
                    ),
                    ("communication", [span(.add, 52, 57), span(.messages, 0, 60)]),
                ]),
            rank(
                1,
                [
                    (
                        "main",
                        [
                            span(.data, 0, 30), span(.grain, 0, 50), ready(50), span(.sums, 50, 60),
                            span(.update, 60, 70), span(.step, 0, 70),
                        ]
                    )
                ]),
        ]
        let record = TraceSummary(ranks).record(steps: 1...1, path: "trace-1.json")
        func microseconds(_ rank: Int) -> [TraceRecord.Share: Int] {
            record.ranks[rank].seconds.mapValues { Int(($0 * 1e6).rounded()) }.filter { $0.value > 0 }
        }
        #expect(microseconds(0) == [.computing: 20, .ranks: 30, .adding: 5, .exchanging: 5, .updating: 10])
        #expect(microseconds(1) == [.data: 30, .computing: 20, .exchanging: 10, .updating: 10])
        #expect(record.slowest?.rank == 1)
        // Own time 35 and 60: the median is 47.5, and 12.5 more of it is 26 %; data are 15 above theirs.
        #expect(
            record.slowestLine
                == "slowest: rank 1 on node, 26 % longer than the median; it waited for data 100 % of that")
    }

    @Test func whileTheMainThreadWaitsForWorkersTheirTimeCounts() {
        let ranks = [
            rank(
                0,
                [
                    ("main", [span(.grain, 0, 10), span(.workers, 10, 50), span(.step, 0, 50)]),
                    ("worker-1", [span(.data, 0, 40), span(.grain, 0, 50)]),
                ])
        ]
        let record = TraceSummary(ranks).record(steps: 1...1, path: "")
        #expect(
            record.ranks[0].seconds.mapValues { Int(($0 * 1e6).rounded()) }.filter { $0.value > 0 } == [
                .computing: 20, .data: 30,
            ])
        #expect(record.slowestLine == "time: the one rank waited for data 60 %, computed 40 %")
    }

    @Test func nobodyIsSlowWhereAllTakeAsLong() {
        let ranks = (0..<4).map {
            TraceRecord.Rank(rank: $0, host: "node\($0)", seconds: [.computing: 1 + 0.01 * Double($0), .ranks: 0.2])
        }
        var record = TraceRecord(steps: 1...9, path: "", ranks: ranks)
        #expect(record.slowestLine == "slowest: no rank stands out; rank 3 on node3 took 1 % longer than the median")
        record.ranks[2].seconds[.saving] = 0.5
        record.ranks[2].seconds[.data] = 0.1
        #expect(record.slowestLine == "slowest: rank 2 on node2, 59 % longer than the median; it saved 83 % of that")
        record.ranks = []
        #expect(record.slowestLine == "slowest: no step was traced")
    }
}
