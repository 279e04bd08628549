import Checkpointing
import Glibc
import TestSupport
import Testing

@Suite struct CheckpointStoreTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory(inMemory: true) }

    private func flipLastByte(_ name: String) throws {
        var bytes = try directory.read(name)
        bytes[bytes.count - 1] ^= 1
        try directory.write(bytes, to: name)
    }

    @Test func namesHaveEightDigitsOrMoreAndSortByStep() throws {
        let store = try CheckpointStore(directory: directory.path + "/new/checkpoints", keep: 5)
        let steps = [0, 99_999_999, 100_000_000, 12]
        for step in steps.sorted() { try store.save(makeCheckpoint(step: step)) }
        #expect(try store.entries().map(\.step) == steps.sorted())
        #expect(store.path(step: 12) == directory.path + "/new/checkpoints/step-00000012.safetensors")
        #expect(store.path(step: 100_000_000).hasSuffix("/step-100000000.safetensors"))
        #expect(try store.newestGood().checkpoint?.step == 100_000_000)
    }

    @Test func otherNamesAreNotCheckpoints() throws {
        let store = try CheckpointStore(directory: directory.path, keep: 1)
        for name in [
            "step-1.safetensors", "step-0000000x.safetensors", "step--0000001.safetensors",
            "step-00000001.safetensors.bak", "step-000000001.safetensors",
        ] {
            try directory.write([], to: name)
        }
        #expect(try store.entries() == [])
        let recovery = try store.newestGood()
        #expect(recovery.checkpoint == nil)
        #expect(recovery.damaged == [])
    }

    @Test func theNewestStayAndOlderOnesGo() throws {
        let store = try CheckpointStore(directory: directory.path, keep: 3)
        for step in 1...6 { try store.save(makeCheckpoint(step: step)) }
        #expect(try store.entries().map(\.step) == [4, 5, 6])
    }

    @Test func theBestAndPinnedOnesStay() throws {
        let store = try CheckpointStore(directory: directory.path, keep: 2)
        for step in 1...3 { try store.save(makeCheckpoint(step: step, best: 1)) }
        #expect(try store.entries().map(\.step) == [1, 2, 3])
        // A new best: the old one stays as long as a kept checkpoint goes back to it.
        try store.save(makeCheckpoint(step: 4, best: 4))
        #expect(try store.entries().map(\.step) == [1, 3, 4])
        try store.save(makeCheckpoint(step: 5, best: 4), pinned: [1])
        #expect(try store.entries().map(\.step) == [1, 4, 5])
        for step in 6...8 { try store.save(makeCheckpoint(step: step, best: 4)) }
        #expect(try store.entries().map(\.step) == [4, 7, 8])
    }

    @Test func laterStepsAreNeitherCountedNorRemoved() throws {
        let store = try CheckpointStore(directory: directory.path, keep: 1)
        try store.save(makeCheckpoint(step: 9))
        try store.save(makeCheckpoint(step: 3))
        try store.save(makeCheckpoint(step: 4))
        #expect(try store.entries().map(\.step) == [4, 9])
    }

    @Test func damagedOnesAreSkippedWithTheirReasons() throws {
        let store = try CheckpointStore(directory: directory.path, keep: 4)
        for step in 1...4 { try store.save(makeCheckpoint(step: step, value: Float(step))) }
        try flipLastByte("step-00000003.safetensors")
        let whole = try directory.read("step-00000004.safetensors")
        try directory.write(Array(whole.dropLast(5)), to: "step-00000004.safetensors")

        let recovery = try store.newestGood()
        #expect(recovery.checkpoint?.step == 2)
        #expect(try recovery.checkpoint?.floats(of: "fc.weight", in: .weights).first == 2)
        #expect(recovery.path == store.path(step: 2))
        #expect(recovery.damaged.map(\.path) == [store.path(step: 4), store.path(step: 3)])
        guard case .invalidTensor? = recovery.damaged.first?.reason,
            case .checksumMismatch? = recovery.damaged.last?.reason
        else {
            Issue.record("\(recovery.damaged)")
            return
        }
        #expect(recovery.damaged[0].description.contains(store.path(step: 4)))
        // Going on from there writes step 3 anew.
        try store.save(makeCheckpoint(step: 3))
        #expect(try store.newestGood().checkpoint?.step == 3)
    }

    @Test func anEmptyDirectoryHasNothingToGoOnFrom() throws {
        let recovery = try CheckpointStore(directory: directory.path, keep: 1).newestGood()
        #expect(recovery.checkpoint == nil)
        #expect(recovery.path == nil)
    }

    @Test func whoOnlyReadsLeavesAnotherProcessesTemporaryFile() throws {
        let name = ".step-00000001.safetensors.tmp-4194304"
        try directory.write([1], to: name)
        #expect(try CheckpointStore(directory: directory.path, keep: 1).newestGood().checkpoint == nil)
        #expect(try directory.contents() == [name])
    }

    @Test func aDirectoryThatCannotBeMadeIsNamed() throws {
        let file = try directory.write([], to: "file")
        #expect(throws: CheckpointError.system(path: file + "/sub", operation: "create directory", code: ENOTDIR)) {
            try CheckpointStore(directory: file + "/sub", keep: 1)
        }
        #expect(throws: CheckpointError.system(path: file, operation: "create directory", code: ENOTDIR)) {
            try CheckpointStore(directory: file, keep: 1)
        }
    }
}
