import System

/// What the ranks of one process share: the meeting point of collective calls, the mailboxes, the windows, the failure.
///
/// All state is guarded by one monitor, and bytes are copied with it held: a rank's buffer is then read only while that
/// rank is known to wait in its call, also when a third rank fails. Copies do not overlap in time; this implementation
/// serves tests and small groups.
final class ThreadGroup: @unchecked Sendable {  // Every stored variable is accessed inside `monitor.withLock` only.
    let worldSize: Int
    private let monitor = Monitor()
    private var failure: CollectivesError?

    // The meeting point: what each rank called and contributed, how many have arrived and left, and which meeting it
    // is.
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

    /// A message posted by its sender and not yet taken; its channel is nil in an `exchange`.
    final class Parcel {
        let bytes: UnsafeRawBufferPointer
        let channel: Int?
        var isDelivered = false

        init(_ bytes: UnsafeRawBufferPointer, channel: Int?) {
            self.bytes = bytes
            self.channel = channel
        }
    }

    init(worldSize: Int) {
        self.worldSize = worldSize
        calls = Array(repeating: nil, count: worldSize)
        mailboxes = Array(repeating: [], count: worldSize * worldSize)
    }

    /// Waits for all ranks' calls, runs `body` on what they contributed, and returns when all ranks have run theirs.
    func meet(rank: Int, call: Call, _ body: ([Call]) -> Void = { _ in }) throws {
        try monitor.withLock {
            try requireHealthy()
            calls[rank] = call
            arrived += 1
            let current = meeting
            monitor.signalAll()
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
                monitor.signalAll()
            }
            while meeting == current { try waitForChange() }
            if let mismatch { throw mismatch }
        }
    }

    /// Posts all messages, takes all expected ones, and returns when the posted ones have been taken.
    func exchange(rank: Int, sends: [OutgoingMessage], receives: [IncomingMessage]) throws {
        let exchange = try start(rank: rank, sends: sends, receives: receives, channel: nil)
        try withExtendedLifetime(exchange) {  // it ends outside the monitor, which its end enters
            try monitor.withLock {
                while try !advance(exchange) { monitor.wait() }
            }
        }
    }

    /// Posts all messages and returns at once.
    func start(
        rank: Int, sends: [OutgoingMessage], receives: [IncomingMessage], channel: Int?
    ) throws -> ThreadExchange {
        try monitor.withLock {
            try requireHealthy()
            let posted = sends.map { send in
                let parcel = Parcel(send.bytes, channel: channel)
                mailboxes[rank * worldSize + send.destination].append(parcel)
                return parcel
            }
            monitor.signalAll()
            return ThreadExchange(group: self, rank: rank, posted: posted, receives: receives, channel: channel)
        }
    }

    /// Takes what has come for an exchange and tells whether it is done.
    func isDone(_ exchange: ThreadExchange) throws -> Bool {
        try monitor.withLock { try advance(exchange) }
    }

    /// Nobody finds these messages any more, because their bytes go.
    func withdraw(_ parcels: [Parcel]) {
        monitor.withLock {
            guard !parcels.allSatisfy(\.isDelivered) else { return }
            for index in mailboxes.indices {
                mailboxes[index].removeAll { parcel in parcels.contains { $0 === parcel } }
            }
        }
    }

    private func advance(_ exchange: ThreadExchange) throws -> Bool {
        try requireHealthy()
        let before = exchange.receives.count
        while let next = exchange.receives.first, try take(next, exchange) { exchange.receives.removeFirst() }
        if exchange.receives.count < before { monitor.signalAll() }
        return exchange.receives.isEmpty && exchange.posted.allSatisfy(\.isDelivered)
    }

    private func take(_ receive: IncomingMessage, _ exchange: ThreadExchange) throws -> Bool {
        let mailbox = receive.source * worldSize + exchange.rank
        guard let index = mailboxes[mailbox].firstIndex(where: { $0.channel == exchange.channel }) else { return false }
        let parcel = mailboxes[mailbox].remove(at: index)
        guard parcel.bytes.count == receive.buffer.count else {
            throw CollectivesError.mismatchedCall(
                rank: exchange.rank,
                call: "exchange with a message of \(receive.buffer.count) bytes from rank \(receive.source)",
                peer: receive.source, peerCall: "exchange with one of \(parcel.bytes.count) bytes")
        }
        receive.buffer.copyMemory(from: parcel.bytes)
        parcel.isDelivered = true
        return true
    }

    /// The memory of the window with this index, made by the first rank that asks.
    func windowMemory(index: Int, byteCount: Int) -> ZeroedMemory {
        monitor.withLock {
            if index == windows.count { windows.append(ZeroedMemory(byteCount: byteCount)) }
            return windows[index]
        }
    }

    /// Ends the group: all waiting and later operations of other ranks throw `peerFailed`. The first cause stays.
    func poison(rank: Int, reason: String) {
        monitor.withLock {
            if failure == nil { failure = .peerFailed(rank: rank, reason: reason) }
            monitor.signalAll()
        }
    }

    /// Throws when a rank has ended the group.
    func requireUnpoisoned() throws { try monitor.withLock { try requireHealthy() } }

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

/// What a rank that is a thread has posted and still expects; its variables are accessed by the group, under its
/// monitor.
final class ThreadExchange: PendingExchange {
    private let group: ThreadGroup
    let rank: Int
    let posted: [ThreadGroup.Parcel]
    var receives: [IncomingMessage]
    let channel: Int?

    init(group: ThreadGroup, rank: Int, posted: [ThreadGroup.Parcel], receives: [IncomingMessage], channel: Int?) {
        self.group = group
        self.rank = rank
        self.posted = posted
        self.receives = receives
        self.channel = channel
    }

    deinit { group.withdraw(posted) }

    func isDone() throws -> Bool { try group.isDone(self) }
}
