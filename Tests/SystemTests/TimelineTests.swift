import Foundation
import Glibc
import Synchronization
import System
import Testing

/// There is one timeline in a process, so these follow each other; other suites' threads may be noted along.
@Suite(.serialized) struct TimelineTests {
    /// What threads of these names note while `body` runs.
    private func tracks(
        named name: String, eventsPerThread: Int = 100, _ body: @escaping @Sendable () -> Void
    ) throws -> [TimelineTrack] {
        Timeline.begin(step: 7, threads: 64, eventsPerThread: eventsPerThread)
        try JoinableThread(name: name, body).join()
        return Timeline.end().filter { $0.name == name }
    }

    @Test func spansLieInEachOtherAndHaveNumberAndStep() throws {
        let tracks = try tracks(named: "spans") {
            Timeline.span(.grain, number: 3) {
                Timeline.span(.data, number: 3) { _ = usleep(1000) }
                Timeline.note(.ready, number: 5)
            }
            Timeline.enter(step: 8)
            Timeline.span(.update) {}
        }
        let events = try #require(tracks.first).events
        #expect(tracks.count == 1 && tracks[0].lost == 0)
        #expect(events.map(\.kind) == [.data, .ready, .grain, .update])  // in the order of their ends
        #expect(events.map(\.number) == [3, 5, 3, -1] && events.map(\.step) == [7, 7, 7, 8])
        #expect(events[0].duration >= 1_000_000 && events[1].isInstant)
        #expect(events[2].start <= events[0].start && events[0].end <= events[1].start)
        #expect(events[1].start <= events[2].end && events[2].end <= events[3].start)
    }

    @Test func whatIsNotNotedLeavesNothing() throws {
        let early = Timeline.mark()
        let value = Timeline.span(.grain) { 5 }
        let tracks = try tracks(named: "later") { Timeline.note(.exchange, number: 1, since: early) }
        #expect(value == 5 && tracks.isEmpty)
        Timeline.note(.ready)
        Timeline.note(.exchange, since: Timeline.mark())
        #expect(try self.tracks(named: "later") {}.isEmpty)
    }

    @Test func errorsPassAndTheirSpanIsNoted() throws {
        struct Refused: Error {}
        let tracks = try tracks(named: "errors") {
            #expect(throws: Refused.self) { try Timeline.span(.saving) { throw Refused() } }
        }
        #expect(tracks.first?.events.map(\.kind) == [.saving])
    }

    @Test func whatFindsNoRoomIsCountedAndTheRestStays() throws {
        let tracks = try tracks(named: "full", eventsPerThread: 4) {
            for number in 0..<10 { Timeline.span(.grain, number: number) {} }
        }
        #expect(tracks.first?.events.map(\.number) == [0, 1, 2, 3] && tracks.first?.lost == 6)
    }

    @Test func everyThreadHasATrackOfItsOwnAndThoseWithoutAreCounted() throws {
        Timeline.begin(step: 1, threads: 3, eventsPerThread: 1000)
        let threads = try (0..<5).map { number in
            try JoinableThread(name: "many-\(number)") {
                for grain in 0..<500 { Timeline.span(.grain, number: grain) {} }
            }
        }
        for thread in threads { thread.join() }
        let tracks = Timeline.end()
        #expect(tracks.count == 4 && tracks.last?.lost ?? 0 >= 1000)
        for track in tracks.dropLast() where track.name.hasPrefix("many-") {
            #expect(track.events.map { Int($0.number) } == Array(0..<500))
        }
    }

    @Test func whatIsUnderWayAtTheEndIsCutThere() throws {
        let (begun, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        Timeline.begin(step: 2, threads: 64, eventsPerThread: 10)
        let thread = try JoinableThread(name: "cut") {
            Timeline.span(.saving, number: 4) {
                Timeline.span(.add) {}
                begun.signal()
                ended.wait()
            }
        }
        begun.wait()
        let track = try #require(Timeline.end().first { $0.name == "cut" })
        ended.signal()
        thread.join()
        #expect(track.events.map(\.kind) == [.add, .saving] && track.events[1].number == 4)
        #expect(track.events[1].start <= track.events[0].start && track.events[0].end <= track.events[1].end)
        // It ends while nothing is noted, and leaves nothing in the next timeline.
        #expect(try tracks(named: "cut") {}.isEmpty)
    }

    /// The documentation's figure, the best of some rounds; printed, because machines differ.
    @Test func aSpanCostsTensOfNanoseconds() throws {
        let (rounds, count) = (20, 5000)
        /// Nanoseconds of a span.
        @Sendable func cost() -> Double {
            (0..<rounds).map { _ in
                let start = Clock.nanoseconds
                for number in 0..<count { Timeline.span(.grain, number: number) {} }
                return Double(Clock.nanoseconds - start) / Double(count)
            }.min() ?? 0
        }
        let on = Mutex(0.0)
        _ = try tracks(named: "cost", eventsPerThread: rounds * count) {
            let nanoseconds = cost()
            on.withLock { $0 = nanoseconds }
        }
        let (noted, idle) = (on.withLock { $0 }, cost())
        print("a span takes \(noted) ns, and \(idle) ns while nothing is noted")
        #expect(noted < 2000 && idle < 200)
    }
}
