import Collectives
import Synchronization

/// Bytes that ranks have sent.
final class ByteCounter: Sendable {
    private let bytes = Atomic(0)

    var total: Int { bytes.load(ordering: .relaxed) }
    func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }
}

/// A communicator that counts what its rank sends in exchanges that it starts.
final class CountingCommunicator: Communicator {
    private let base: ThreadCommunicator
    private let counter: ByteCounter

    init(_ base: ThreadCommunicator, _ counter: ByteCounter) {
        self.base = base
        self.counter = counter
    }

    var rank: Int { base.rank }
    var worldSize: Int { base.worldSize }
    var hostRanks: [Int] { base.hostRanks }
    var hostRank: Int { base.hostRank }
    var hostName: String { base.hostName }

    func start(sends: [OutgoingMessage], receives: [IncomingMessage], channel: Int) throws -> any PendingExchange {
        counter.add(sends.map(\.bytes.count).reduce(0, +))
        return try base.start(sends: sends, receives: receives, channel: channel)
    }

    func barrier() throws { try base.barrier() }
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws { try base.broadcast(buffer, root: root) }
    func allGather(_ contribution: UnsafeRawBufferPointer, into result: UnsafeMutableRawBufferPointer) throws {
        try base.allGather(contribution, into: result)
    }
    func exchange(sends: [OutgoingMessage], receives: [IncomingMessage]) throws {
        try base.exchange(sends: sends, receives: receives)
    }
    func sharedWindow(byteCountPerRank: Int) throws -> SharedWindow? {
        try base.sharedWindow(byteCountPerRank: byteCountPerRank)
    }
    func abort(exitCode: Int32, reason: String, message: String?) throws -> Never {
        try base.abort(exitCode: exitCode, reason: reason, message: message)
    }
    func finalize() throws { try base.finalize() }
}
