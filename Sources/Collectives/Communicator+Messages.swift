extension Communicator {
    /// How messages to people begin: `rank 1 of 4 on node2`.
    package var name: String { "rank \(rank) of \(worldSize) on \(hostName)" }

    /// Checks that messages name ranks of this world.
    func requireKnownPeers(sends: [OutgoingMessage], receives: [IncomingMessage]) {
        for peer in sends.map(\.destination) + receives.map(\.source) {
            precondition(peer >= 0 && peer < worldSize, "exchange: rank \(peer) outside 0..<\(worldSize)")
        }
    }

    /// Delivers the messages that this rank sends to itself, the k-th sent into the k-th received.
    func copyMessagesToSelf(sends: [OutgoingMessage], receives: [IncomingMessage]) throws {
        let sent = sends.lazy.filter { $0.destination == self.rank }.map(\.bytes)
        let received = receives.lazy.filter { $0.source == self.rank }.map(\.buffer)
        var destinations = received.makeIterator()
        for source in sent {
            guard let destination = destinations.next(), destination.count == source.count else {
                throw mismatchWithSelf(sends: Array(sent), receives: Array(received))
            }
            destination.copyMemory(from: source)
        }
        if destinations.next() != nil { throw mismatchWithSelf(sends: Array(sent), receives: Array(received)) }
    }

    private func mismatchWithSelf(
        sends: [UnsafeRawBufferPointer], receives: [UnsafeMutableRawBufferPointer]
    ) -> CollectivesError {
        .mismatchedCall(
            rank: rank, call: "exchange with messages to itself of \(sends.map(\.count)) bytes",
            peer: rank, peerCall: "exchange with messages from itself of \(receives.map(\.count)) bytes")
    }
}

/// Zeroed memory of a process, aligned to a page, that lives as long as this object.
final class ZeroedMemory: @unchecked Sendable {  // The pointer never changes; what it points to is shared by intent.
    let start: UnsafeMutableRawPointer

    init(byteCount: Int) {
        start = .allocate(byteCount: byteCount, alignment: SharedWindowLayout.pageBytes)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    deinit { start.deallocate() }
}
