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
    // How many messages each line has been given, and how many its receiver has asked for.
    private var sent: [Line: Int] = [:]
    private var awaited: [Line: Int] = [:]
    private var windows: [WindowPlace: ZeroedMemory] = [:]

    /// A collective call as other ranks see it.
    struct Call {
        var text: String
        var bytes: UnsafeRawBufferPointer
    }

    /// Where messages keep their order: from a rank to another on a channel, which is nil in an `exchange`.
    struct Line: Hashable {
        let source: Int
        let destination: Int
        let channel: Int?
    }

    /// A message posted by its sender and not yet taken.
    final class Parcel {
        let bytes: UnsafeRawBufferPointer
        let line: Line
        /// Its place among the messages of the line.
        let number: Int
        var isDelivered = false

        init(_ bytes: UnsafeRawBufferPointer, on line: Line, number: Int) {
            self.bytes = bytes
            self.line = line
            self.number = number
        }
    }

    /// A message that a rank waits for: the line's n-th is the n-th that was asked for, whoever looks first.
    struct Expectation {
        let message: IncomingMessage
        let line: Line
        let number: Int
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
                let line = Line(source: rank, destination: send.destination, channel: channel)
                let parcel = Parcel(send.bytes, on: line, number: sent[line, default: 0])
                sent[line, default: 0] += 1
                mailboxes[rank * worldSize + send.destination].append(parcel)
                return parcel
            }
            let expected = receives.map { receive in
                let line = Line(source: receive.source, destination: rank, channel: channel)
                defer { awaited[line, default: 0] += 1 }
                return Expectation(message: receive, line: line, number: awaited[line, default: 0])
            }
            monitor.signalAll()
            return ThreadExchange(group: self, rank: rank, posted: posted, receives: expected)
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
        // Whichever are there: one that a rank has yet to send must not hold up another's.
        exchange.receives = try exchange.receives.filter { try !take($0, exchange) }
        if exchange.receives.count < before { monitor.signalAll() }
        return exchange.receives.isEmpty && exchange.posted.allSatisfy(\.isDelivered)
    }

    private func take(_ expected: Expectation, _ exchange: ThreadExchange) throws -> Bool {
        let receive = expected.message
        let mailbox = receive.source * worldSize + exchange.rank
        let found = mailboxes[mailbox].firstIndex { $0.line == expected.line && $0.number == expected.number }
        guard let index = found else { return false }
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

    /// A host's memory of the window with this index, made by the first rank that asks.
    func windowMemory(index: Int, host: Int, byteCount: Int) -> ZeroedMemory {
        monitor.withLock {
            let place = WindowPlace(index: index, host: host)
            if let memory = windows[place] { return memory }
            let memory = ZeroedMemory(byteCount: byteCount)
            windows[place] = memory
            return memory
        }
    }

    private struct WindowPlace: Hashable {
        let index: Int
        let host: Int
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
    var receives: [ThreadGroup.Expectation]

    init(group: ThreadGroup, rank: Int, posted: [ThreadGroup.Parcel], receives: [ThreadGroup.Expectation]) {
        self.group = group
        self.rank = rank
        self.posted = posted
        self.receives = receives
    }

    deinit { group.withdraw(posted) }

    func isDone() throws -> Bool { try group.isDone(self) }
}
