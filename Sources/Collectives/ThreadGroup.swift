/// What the ranks of one process share: the meeting point of collective calls, the mailboxes, the windows, the failure.
///
/// All state is guarded by one monitor, and bytes are copied with it held: a rank's buffer is then read only while that
/// rank is known to wait in its call, also when a third rank fails. Copies do not overlap in time; this implementation
/// serves tests and small groups.
final class ThreadGroup: @unchecked Sendable {  // Every stored variable is accessed inside `monitor.locked` only.
    let worldSize: Int
    private let monitor = Monitor()
    private var failure: CollectivesError?

    // The meeting point: what each rank called and contributed, how many have arrived and left, and which meeting it is.
    private var calls: [Call?]
    private var arrived = 0
    private var departed = 0
    private var meeting = 0

    private var mailboxes: [[Parcel]]  // [source · worldSize + destination], oldest first
    private var windows: [ZeroedMemory] = []

    /// A collective call as other ranks see it.
    struct Call {
        var text: String
        var bytes: UnsafeRawBufferPointer
    }

    /// A message posted by its sender and not yet taken.
    private final class Parcel {
        let bytes: UnsafeRawBufferPointer
        var isDelivered = false

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }
    }

    init(worldSize: Int) {
        self.worldSize = worldSize
        calls = Array(repeating: nil, count: worldSize)
        mailboxes = Array(repeating: [], count: worldSize * worldSize)
    }

    /// Waits for all ranks' calls, runs `body` on what they contributed, and returns when all ranks have run theirs.
    func meet(rank: Int, call: Call, _ body: ([Call]) -> Void = { _ in }) throws {
        try monitor.locked {
            try requireHealthy()
            calls[rank] = call
            arrived += 1
            let current = meeting
            monitor.announce()
            while arrived < worldSize { try waitForChange() }
            try requireHealthy()  // before reading the others' bytes: a rank that has thrown takes its buffers away
            let gathered = calls.compactMap { $0 }
            let mismatch = firstMismatch(rank: rank, call: call, gathered)
            if mismatch == nil { body(gathered) }
            departed += 1
            if departed == worldSize {
                (arrived, departed) = (0, 0)
                meeting += 1
                calls = Array(repeating: nil, count: worldSize)
                monitor.announce()
            }
            while meeting == current { try waitForChange() }
            if let mismatch { throw mismatch }
        }
    }

    /// Posts all messages, takes all expected ones, and returns when the posted ones have been taken.
    func exchange(rank: Int, sends: [OutgoingMessage], receives: [IncomingMessage]) throws {
        try monitor.locked {
            try requireHealthy()
            let posted = sends.map { send in
                let parcel = Parcel(send.bytes)
                mailboxes[rank * worldSize + send.destination].append(parcel)
                return parcel
            }
            monitor.announce()
            do {
                for receive in receives { try take(receive, rank: rank) }
                if !receives.isEmpty { monitor.announce() }
                while !posted.allSatisfy(\.isDelivered) { try waitForChange() }
            } catch {
                // The caller takes its buffers away: nobody may find them any more.
                for index in mailboxes.indices { mailboxes[index].removeAll { parcel in posted.contains { $0 === parcel } } }
                throw error
            }
        }
    }

    private func take(_ receive: IncomingMessage, rank: Int) throws {
        let mailbox = receive.source * worldSize + rank
        while mailboxes[mailbox].isEmpty { try waitForChange() }
        let parcel = mailboxes[mailbox].removeFirst()
        guard parcel.bytes.count == receive.buffer.count else {
            throw CollectivesError.mismatchedCall(
                rank: rank, call: "exchange with a message of \(receive.buffer.count) bytes from rank \(receive.source)",
                peer: receive.source, peerCall: "exchange with one of \(parcel.bytes.count) bytes")
        }
        receive.buffer.copyMemory(from: parcel.bytes)
        parcel.isDelivered = true
    }

    /// The memory of the window with this index, made by the first rank that asks.
    func windowMemory(index: Int, byteCount: Int) -> ZeroedMemory {
        monitor.locked {
            if index == windows.count { windows.append(ZeroedMemory(byteCount: byteCount)) }
            return windows[index]
        }
    }

    /// Ends the group: all waiting and later operations of other ranks throw `peerFailed`. The first cause stays.
    func poison(rank: Int, reason: String) {
        monitor.locked {
            if failure == nil { failure = .peerFailed(rank: rank, reason: reason) }
            monitor.announce()
        }
    }

    /// Throws when a rank has ended the group.
    func requireUnpoisoned() throws { try monitor.locked { try requireHealthy() } }

    private func requireHealthy() throws { if let failure { throw failure } }

    private func waitForChange() throws {
        try requireHealthy()
        monitor.wait()
    }

    private func firstMismatch(rank: Int, call: Call, _ gathered: [Call]) -> CollectivesError? {
        guard let peer = gathered.indices.first(where: { gathered[$0].text != call.text }) else { return nil }
        return .mismatchedCall(rank: rank, call: call.text, peer: peer, peerCall: gathered[peer].text)
    }
}
