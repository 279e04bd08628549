import Glibc
import Synchronization
import System

/// The communicator of a job that is one process: a world of one rank.
package final class SingleProcessCommunicator: Communicator {
    package let rank = 0
    package let worldSize = 1
    package let hostRanks = [0]
    package let hostRank = 0
    package let hostName = HostInformation.name
    private let isFinalized = Atomic(false)
    private let windows = Mutex<[SharedWindow]>([])

    /// A world of one.
    package init() {}

    package func barrier() throws { try requireOpen("barrier") }

    package func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        try requireOpen("broadcast")
        precondition(root == 0, "broadcast: root \(root) outside 0..<1")
    }

    package func allGather(_ contribution: UnsafeRawBufferPointer, into result: UnsafeMutableRawBufferPointer) throws {
        try requireOpen("allGather")
        precondition(result.count == contribution.count, "allGather: \(result.count) bytes for \(contribution.count)")
        result.copyMemory(from: contribution)
    }

    package func exchange(sends: [OutgoingMessage], receives: [IncomingMessage]) throws {
        try requireOpen("exchange")
        requireKnownPeers(sends: sends, receives: receives)
        try copyMessagesToSelf(sends: sends, receives: receives)
    }

    package func start(sends: [OutgoingMessage], receives: [IncomingMessage], channel: Int) throws
        -> any PendingExchange
    {
        try exchange(sends: sends, receives: receives)
        return FinishedExchange()
    }

    private final class FinishedExchange: PendingExchange {
        func isDone() throws -> Bool { true }
    }

    package func sharedWindow(byteCountPerRank: Int) throws -> SharedWindow? {
        try requireOpen("sharedWindow")
        let layout = SharedWindowLayout(byteCountPerRank: byteCountPerRank, hostSize: 1)
        let memory = ZeroedMemory(byteCount: layout.totalBytes)
        let window = SharedWindow(
            memory: memory.start, layout: layout, hostRank: 0, busyWaits: false,
            coherence: .init(whileWaiting: {}), owner: memory)
        windows.withLock { $0.append(window) }
        return window
    }

    package func abort(exitCode: Int32, reason: String, message: String?) throws -> Never {
        precondition(exitCode > 0 && exitCode < 256, "abort: exit code \(exitCode) outside 1...255")
        StandardError.write(message ?? "\(name): \(reason)")
        _exit(exitCode)  // other threads may be in the middle of anything
    }

    package func finalize() throws {
        isFinalized.store(true, ordering: .relaxed)
        windows.withLock { windows in
            windows.forEach { $0.close() }
            windows = []
        }
    }

    private func requireOpen(_ operation: String) throws {
        if isFinalized.load(ordering: .relaxed) { throw CollectivesError.finalized(operation: operation) }
    }
}
