import Checkpointing
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct BackgroundCheckpointWriterTests {
    let directory: TemporaryDirectory
    let store: CheckpointStore
    init() throws {
        directory = try TemporaryDirectory(inMemory: true)
        store = try CheckpointStore(directory: directory.path, keep: 3)
    }

    private struct Refusal: Error, Equatable { var number: Int }

    /// Calls from the saves, in order.
    private final class Journal: Sendable {
        let entries = Mutex<[String]>([])
        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
        var all: [String] { entries.withLock { $0 } }
    }

    @Test func everySubmittedCheckpointIsSaved() throws {
        let writer = try BackgroundCheckpointWriter(store: store)
        for step in 1...5 { try writer.submit(makeCheckpoint(step: step)) }
        try writer.drain()
        #expect(try store.entries().map(\.step) == [3, 4, 5])
        #expect(try store.newestGood().damaged == [])
    }

    @Test func submitReturnsBeforeTheSaveAndASecondWaits() throws {
        let journal = Journal()
        let release = DispatchSemaphore(value: 0)
        let writer = try BackgroundCheckpointWriter(store: store)
        try writer.submit {
            release.wait()
            journal.add("first saved")
        }
        journal.add("first submitted")
        release.signal()
        try writer.submit { journal.add("second saved") }
        #expect(journal.all.starts(with: ["first submitted", "first saved"]))
        try writer.drain()
        #expect(journal.all == ["first submitted", "first saved", "second saved"])
    }

    @Test func checkWaitsForNothingAndGivesTheErrorOnce() throws {
        let release = DispatchSemaphore(value: 0)
        let writer = try BackgroundCheckpointWriter(store: store)
        try writer.submit {
            release.wait()
            throw Refusal(number: 1)
        }
        try writer.check()
        release.signal()
        #expect(throws: Refusal(number: 1)) { while true { try writer.check() } }
        try writer.check()
        try writer.drain()
    }

    @Test func anErrorSurfacesOnceAndTheWriterGoesOn() throws {
        let journal = Journal()
        let writer = try BackgroundCheckpointWriter(store: store)
        try writer.submit { throw Refusal(number: 1) }
        #expect(throws: Refusal(number: 1)) { try writer.submit { journal.add("not run") } }
        try writer.submit { throw Refusal(number: 2) }
        #expect(throws: Refusal(number: 2)) { try writer.drain() }
        try writer.drain()
        try writer.submit { journal.add("run") }
        try writer.drain()
        #expect(journal.all == ["run"])
    }

    @Test func theEndWaitsForTheSaveInFlight() throws {
        let journal = Journal()
        var writer: BackgroundCheckpointWriter? = try BackgroundCheckpointWriter(store: store)
        try writer?.submit {
            Thread.sleep(forTimeInterval: 0.02)
            journal.add("saved")
        }
        writer = nil
        #expect(journal.all == ["saved"])
    }
}
