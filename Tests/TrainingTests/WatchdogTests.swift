import Foundation
import JobHealth
import Synchronization
import System
import TestSupport
import Testing

extension ActivityTests {
    /// A rank that makes no progress.
    @Suite("Watchdog", .timeLimit(.minutes(1)))
    struct WatchdogTests {
        private final class Record: Sendable {
            let events = Mutex<[String]>([])
            func add(_ event: String) { events.withLock { $0.append(event) } }
            var all: [String] { events.withLock { $0 } }
        }

        /// - Parameter patience: how often it is right to wait for another deadline.
        private func watch(_ seconds: Double, patience: Int = 0) throws -> (Watchdog, Record) {
            let record = Record()
            let watchdog = try Watchdog(
                deadlineSeconds: seconds, onWait: { record.add("waits") },
                mayWait: { record.all.count { $0 == "waits" } <= patience },
                onDeadline: { record.add($0 > seconds ? "deadline" : "too soon") })
            return (watchdog, record)
        }

        private func wait(_ seconds: Double, until condition: () -> Bool) {
            let end = Clock.seconds + seconds
            while !condition(), Clock.seconds < end { usleep(10_000) }
        }

        @Test("without a beat the deadline comes, once, and without a roll call")
        func noProgress() throws {
            Activity.enter(.training, step: 3, pieces: 2)
            let (watchdog, record) = try watch(0.2)
            wait(20) { !record.all.isEmpty }
            usleep(500_000)
            #expect(record.all == ["deadline"])
            watchdog.stop()
        }

        @Test("a rank that has done its pieces calls the roll first, and is given longer")
        func waiting() throws {
            Activity.enter(.training, step: 3, pieces: 1)
            Activity.finishPiece()
            #expect(
                Activity.isWaitingForRanks && Activity.phase == .allReduce
                    && Activity.place == "the all-reduce after step 3")
            let (watchdog, record) = try watch(0.2)
            wait(20) { !record.all.isEmpty }
            #expect(record.all == ["waits"])
            wait(20) { record.all.count > 1 }
            #expect(record.all == ["waits", "deadline"])
            watchdog.stop()
        }

        @Test("it waits for others as long as one of them works, and looks again after each deadline")
        func patience() throws {
            Activity.enter(.training, step: 3, pieces: 1)
            Activity.finishPiece()
            let (watchdog, record) = try watch(0.2, patience: 2)
            wait(20) { record.all.contains("deadline") }
            #expect(record.all == ["waits", "waits", "waits", "deadline"])
            watchdog.stop()
        }

        @Test("nor does what waits for a reader count")
        func reader() throws {
            Activity.enter(.training, step: 3, pieces: 2)
            let (watchdog, record) = try watch(0.2)
            Activity.waitingForReader { _ = usleep(1_500_000) }
            #expect(record.all.isEmpty)
            wait(20) { !record.all.isEmpty }
            #expect(record.all == ["deadline"])
            watchdog.stop()
        }

        @Test("beats put the deadline off, and after the end nothing comes")
        func beats() throws {
            Activity.enter(.training, step: 3, pieces: 1000)
            let (watchdog, record) = try watch(1)
            for _ in 0..<30 {
                usleep(50_000)
                Activity.finishPiece()
            }
            #expect(record.all.isEmpty)
            watchdog.stop()
            Thread.sleep(forTimeInterval: 1.5)
            #expect(record.all.isEmpty)
        }

        @Test("a deadline can be changed later")
        func change() throws {
            Activity.enter(.launch)
            let (watchdog, record) = try watch(1000)
            watchdog.deadlineSeconds = 0.1
            wait(20) { !record.all.isEmpty }
            #expect(record.all.count == 1 && Activity.place == "the launch")
            watchdog.stop()
        }

        @Test("during start-up a process that computes makes progress")
        func startUp() throws {
            Activity.enter(.startUp)
            let (watchdog, record) = try watch(2)
            let end = Clock.seconds + 5
            var sum = 0.0
            while Clock.seconds < end { sum += sin(sum) + 1 }
            #expect(record.all.isEmpty && sum > 0, "\(record.all) \(Activity.place)")
            watchdog.stop()
        }

        @Test("what a rank did at last is read from the folder that it was given")
        func record() throws {
            let folder = try TemporaryDirectory()
            ActivityRecord.begin(rank: 2, in: folder.path)
            Activity.enter(.validation, step: 50)
            #expect(ActivityRecord.place(ofRank: 2, in: folder.path) == "validation after step 50")
            Activity.enter(.training, step: 51, pieces: 1)
            #expect(ActivityRecord.place(ofRank: 2, in: folder.path) == "training after step 51")
            Activity.finishPiece()
            #expect(ActivityRecord.place(ofRank: 2, in: folder.path) == "the all-reduce after step 51")
            #expect(ActivityRecord.place(ofRank: 1, in: folder.path) == nil)
            _ = try folder.write([1, 2, 3], to: "activity.3")
            #expect(ActivityRecord.place(ofRank: 3, in: folder.path) == nil)
        }
    }
}
