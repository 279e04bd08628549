import Glibc
import Synchronization

/// A communicator whose ranks are threads of one process, for tests of parallel code and for what runs without MPI.
///
/// A rank's `abort` throws on that rank, and makes every other rank's waiting and later operations throw
/// `CollectivesError.peerFailed`. A communicator that goes away before `finalize` does the same.
package final class ThreadCommunicator: Communicator {
    package let rank: Int
    package var worldSize: Int { group.worldSize }
    package let hostRanks: [Int]
    package let hostRank: Int
    package let hostName = HostInformation.name
    private let group: ThreadGroup
    private let isFinalized = Atomic(false)
    private let windows = Mutex<[SharedWindow]>([])

    private init(rank: Int, hostOfRank: [Int], group: ThreadGroup) {
        self.rank = rank
        let hostRanks = hostOfRank.indices.filter { hostOfRank[$0] == hostOfRank[rank] }
        self.hostRanks = hostRanks
        hostRank = hostRanks.firstIndex(of: rank) ?? 0
        self.group = group
    }

    deinit {
        if !isFinalized.load(ordering: .relaxed) {
            group.poison(rank: rank, reason: "its thread ended without finalizing the communicator")
        }
    }

    /// The ranks of a new world, one for each of `worldSize` threads.
    package static func makeGroup(worldSize: Int) -> [ThreadCommunicator] {
        precondition(worldSize > 0, "ThreadCommunicator.makeGroup: world size \(worldSize), must be positive")
        return makeGroup(hostOfRank: Array(repeating: 0, count: worldSize))
    }

    /// The ranks of a new world as if they ran on several hosts: those with the same number share memory.
    package static func makeGroup(hostOfRank: [Int]) -> [ThreadCommunicator] {
        let group = ThreadGroup(worldSize: hostOfRank.count)
        return hostOfRank.indices.map { ThreadCommunicator(rank: $0, hostOfRank: hostOfRank, group: group) }
    }

    package func barrier() throws {
        try requireOpen("barrier")
        try group.meet(rank: rank, call: .init(text: "barrier", bytes: .init(start: nil, count: 0)))
    }

    package func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        try requireOpen("broadcast")
        precondition(root >= 0 && root < worldSize, "broadcast: root \(root) outside 0..<\(worldSize)")
        let text = "broadcast of \(buffer.count) bytes from rank \(root)"
        try group.meet(rank: rank, call: .init(text: text, bytes: .init(buffer))) { calls in
            if rank != root { buffer.copyMemory(from: calls[root].bytes) }
        }
    }

    package func allGather(_ contribution: UnsafeRawBufferPointer, into result: UnsafeMutableRawBufferPointer) throws {
        try requireOpen("allGather")
        let count = contribution.count
        precondition(result.count == count * worldSize, "allGather: \(result.count) bytes for \(worldSize) × \(count)")
        try group.meet(rank: rank, call: .init(text: "allGather of \(count) bytes", bytes: contribution)) { calls in
            for (peer, call) in calls.enumerated() {
                UnsafeMutableRawBufferPointer(rebasing: result[peer * count..<(peer + 1) * count])
                    .copyMemory(from: call.bytes)
            }
        }
    }

    package func exchange(sends: [OutgoingMessage], receives: [IncomingMessage]) throws {
        try requireOpen("exchange")
        requireKnownPeers(sends: sends, receives: receives)
        try copyMessagesToSelf(sends: sends, receives: receives)
        try group.exchange(
            rank: rank, sends: sends.filter { $0.destination != rank }, receives: receives.filter { $0.source != rank })
    }

    package func start(sends: [OutgoingMessage], receives: [IncomingMessage], channel: Int) throws
        -> any PendingExchange
    {
        try requireOpen("start")
        requireKnownPeers(sends: sends, receives: receives)
        try copyMessagesToSelf(sends: sends, receives: receives)
        return try group.start(
            rank: rank, sends: sends.filter { $0.destination != rank }, receives: receives.filter { $0.source != rank },
            channel: channel)
    }

    package func sharedWindow(byteCountPerRank: Int) throws -> SharedWindow? {
        try requireOpen("sharedWindow")
        let layout = SharedWindowLayout(byteCountPerRank: byteCountPerRank, hostSize: hostSize)
        let text = "sharedWindow of \(byteCountPerRank) bytes a rank"
        try group.meet(rank: rank, call: .init(text: text, bytes: .init(start: nil, count: 0)))
        return windows.withLock { windows in
            let memory = group.windowMemory(
                index: windows.count, host: hostRanks[0], byteCount: layout.totalBytes)
            let window = SharedWindow(
                memory: memory.start, layout: layout, hostRank: hostRank,
                busyWaits: worldSize <= HostInformation.allowedProcessors,
                coherence: .init(whileWaiting: { [group] in try group.requireUnpoisoned() }), owner: memory)
            windows.append(window)
            return window
        }
    }

    package func abort(exitCode: Int32, reason: String, message: String?) throws -> Never {
        precondition(exitCode > 0 && exitCode < 256, "abort: exit code \(exitCode) outside 1...255")
        group.poison(rank: rank, reason: reason)
        throw CollectivesError.aborted(rank: rank, exitCode: exitCode, reason: reason)
    }

    package func finalize() throws {
        guard !isFinalized.load(ordering: .relaxed) else { return }
        try group.meet(rank: rank, call: .init(text: "finalize", bytes: .init(start: nil, count: 0)))
        isFinalized.store(true, ordering: .relaxed)
        windows.withLock { windows in windows.forEach { $0.close() } }
    }

    private func requireOpen(_ operation: String) throws {
        if isFinalized.load(ordering: .relaxed) { throw CollectivesError.finalized(operation: operation) }
    }
}
