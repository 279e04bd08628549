import CMPI

/// The requests of one exchange; kept between exchanges so that the steady state allocates nothing.
struct MPITransfers {
    /// Requests in flight, receives first.
    var requests: [MPI_Request?] = []
    /// Their statuses, filled by MPI on completion.
    var statuses: [MPI_Status] = []
    /// For each receive, the peer and the bytes that must have come.
    var expected: [(source: Int, byteCount: Int)] = []

    /// Lets MPI work and tells whether all requests have completed; `rank` is for the error's text.
    mutating func areDone(rank: Int) throws -> Bool {
        while statuses.count < requests.count { statuses.append(MPI_Status()) }
        var isDone: Int32 = 0
        let status = MPI_Testall(Int32(requests.count), &requests, &isDone, &statuses)
        if status == MPI_ERR_IN_STATUS {
            for transfer in statuses.prefix(requests.count) where transfer.MPI_ERROR != MPI_ERR_PENDING {
                try checkMPI(transfer.MPI_ERROR, "MPI_Testall", rank: rank)
            }
        }
        try checkMPI(status, "MPI_Testall", rank: rank)
        return isDone != 0
    }

    /// Throws unless each receive got the bytes that its buffer has room for.
    mutating func checkReceivedCounts(rank: Int) throws {
        for (index, (source, byteCount)) in expected.enumerated() {
            var received: Int32 = 0
            try checkMPI(MPI_Get_count(&statuses[index], cmpi_byte(), &received), "MPI_Get_count", rank: rank)
            if Int(received) != byteCount {
                throw CollectivesError.mismatchedCall(
                    rank: rank, call: "exchange with a message of \(byteCount) bytes from rank \(source)",
                    peer: source, peerCall: "exchange with one of \(received) bytes")
            }
        }
    }

    /// Forgets the last exchange and keeps the memory.
    mutating func removeAll() {
        requests.removeAll(keepingCapacity: true)
        expected.removeAll(keepingCapacity: true)
    }
}

/// Requests that are under way while their rank does other things.
private final class MPIPendingExchange: PendingExchange {
    var transfers = MPITransfers()
    private let rank: Int
    private let rollCall: RollCall

    init(rank: Int, _ rollCall: RollCall) {
        self.rank = rank
        self.rollCall = rollCall
    }

    func isDone() throws -> Bool {
        if transfers.requests.isEmpty { return true }
        guard try transfers.areDone(rank: rank) else {
            rollCall.attendBetweenPolls()
            return false
        }
        try transfers.checkReceivedCounts(rank: rank)
        return true
    }
}

extension MPICommunicator {
    package func exchange(sends: [OutgoingMessage], receives: [IncomingMessage]) throws {
        try requireOpen("exchange")
        transfers.removeAll()
        try post(sends: sends, receives: receives, tag: 0, in: &transfers)
        if transfers.requests.isEmpty { return }
        var patience = MPIPatience(busyWaits: busyWaits)
        while try !transfers.areDone(rank: rank) {
            rollCall.attendBetweenPolls()
            patience.pause()
        }
        try transfers.checkReceivedCounts(rank: rank)
    }

    package func start(sends: [OutgoingMessage], receives: [IncomingMessage], channel: Int) throws
        -> any PendingExchange
    {
        try requireOpen("start")
        // the least MPI_TAG_UB
        precondition(channel >= 0 && channel < 32767, "start: channel \(channel) outside 0..<32767")
        let exchange = MPIPendingExchange(rank: rank, rollCall)
        try post(
            sends: sends, receives: receives, tag: Int32(channel + 1),
            isSynchronous: !MPICommunicator.areShort(sends), in: &exchange.transfers)
        return exchange
    }

    /// Whether the system takes all messages at once, as TCP's buffers have grown to do after a few of this size. So
    /// nobody need see them off, and no receiver need acknowledge them: four hosts added 64 KiB in 1.66 ms with
    /// acknowledgements, `MPI_Allreduce` in 1.49.
    private static func areShort(_ sends: [OutgoingMessage]) -> Bool {
        sends.allSatisfy { $0.bytes.count <= 64 << 10 } && sends.reduce(0) { $0 + $1.bytes.count } <= 256 << 10
    }

    /// Hands all messages to MPI, which keeps the order of those with one tag between two ranks.
    ///
    /// - Parameter isSynchronous: whether a send is done when its receiver has it, else when MPI has copied it, perhaps
    ///   far ahead of the link.
    private func post(
        sends: [OutgoingMessage], receives: [IncomingMessage], tag: Int32, isSynchronous: Bool = false,
        in transfers: inout MPITransfers
    ) throws {
        requireKnownPeers(sends: sends, receives: receives)
        try copyMessagesToSelf(sends: sends, receives: receives)
        for receive in receives where receive.source != rank {
            for part in parts(ofByteCount: receive.buffer.count) {
                var request: MPI_Request?
                let start = receive.buffer.baseAddress.map { $0 + part.lowerBound }
                let status = MPI_Irecv(
                    start, Int32(part.count), cmpi_byte(), Int32(receive.source), tag, world, &request)
                try checkMPI(status, "MPI_Irecv", rank: rank)
                transfers.requests.append(request)
                transfers.expected.append((receive.source, part.count))
            }
        }
        for send in sends where send.destination != rank {
            for part in parts(ofByteCount: send.bytes.count) {
                var request: MPI_Request?
                let start = send.bytes.baseAddress.map { $0 + part.lowerBound }
                let post = isSynchronous ? MPI_Issend : MPI_Isend
                let status = post(start, Int32(part.count), cmpi_byte(), Int32(send.destination), tag, world, &request)
                try checkMPI(status, "MPI_Isend", rank: rank)
                transfers.requests.append(request)
            }
        }
    }

    /// Waits for one request.
    func wait(_ request: inout MPI_Request?, _ call: String) throws {
        var patience = MPIPatience(busyWaits: busyWaits)
        var isDone: Int32 = 0
        while true {
            try checkMPI(MPI_Test(&request, &isDone, cmpi_status_ignore()), call, rank: rank)
            if isDone != 0 { return }
            rollCall.attendBetweenPolls()
            patience.pause()
        }
    }

    /// The byte ranges that a message is sent in; one empty range for an empty message.
    func parts(ofByteCount byteCount: Int) -> MPIMessageParts {
        MPIMessageParts(byteCount: byteCount, maximumPartBytes: maximumTransferBytes)
    }
}

/// A message cut into ranges that MPI's 32-bit counts can express.
package struct MPIMessageParts: RandomAccessCollection {
    private let byteCount: Int
    private let maximumPartBytes: Int

    /// The parts of a message of `byteCount` bytes, all but the last of `maximumPartBytes`; one empty part for an empty
    /// message.
    package init(byteCount: Int, maximumPartBytes: Int) {
        self.byteCount = byteCount
        self.maximumPartBytes = maximumPartBytes
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { Swift.max(1, (byteCount + maximumPartBytes - 1) / maximumPartBytes) }

    package subscript(index: Int) -> Range<Int> {
        index * maximumPartBytes..<Swift.min(byteCount, (index + 1) * maximumPartBytes)
    }
}
