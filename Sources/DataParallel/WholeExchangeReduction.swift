import Autograd
import Collectives
import Glibc
import System

/// Small vectors of ranks on several hosts: each host sends its partial sums to all others whole, in one exchange, and
/// each adds them all.
///
/// ``ExchangeReduction`` needs two exchanges one after another. One costs half the time where latency and messages
/// count for more than bytes (``isFaster(_:count:)``). One rank of each host exchanges for it; the others' partial sums
/// and the result are in shared memory. The thread that calls ``finish()`` does it all.
///
/// `@unchecked Sendable`: used by the rank's main thread, and by the communication thread while that one waits.
package final class WholeExchangeReduction: BucketReduction, @unchecked Sendable {
    private let communication: CommunicationThread
    private let host: HostMemory?
    /// The ranks that exchange for the other hosts, and how many sums each of these hosts sends; in the order of the
    /// grains, this host's nil.
    private let others: [(rank: Int, sums: Int)?]
    /// Whether this rank exchanges for its host.
    private let exchanges: Bool
    private let sums: PartialSums
    private let hostSums: HostSums
    private let count: Int
    private let incoming: FlatBuffer
    /// What this host sends, where its own sums may not wait until it has left: of two rounds in turn. Where the other
    /// host is far away, what one round sent is acknowledged during the next one's exchange.
    private let outgoing: FlatBuffer
    private let leaving = LeavingMessages()
    private let memory = MessageMemory()
    private let ownResult: FlatBuffer?
    private let result: UnsafeMutablePointer<Float>
    private var roots: [UnsafeMutablePointer<Float>] = []
    private var round: UInt32 = 0

    /// Bytes that a host may get more than with two exchanges; at 1 Gbit/s they take a quarter of a millisecond.
    private static let extraBytes = 32 << 10
    /// Bytes that a host may get in all: what MPI sends without asking (`MPIRuntimeSettings`).
    private static let mostBytes = 256 << 10

    /// Bytes of a message that the system takes at once, so that nobody has to see it off: TCP's buffers have grown to
    /// that after a few such messages.
    private static let promptBytes = 64 << 10

    /// Floats of a message: with its header it is below what Open MPI's own settings send over TCP without asking
    /// (64 KiB, header included).
    private static let promptFloats = 8 << 10

    /// Whether one exchange of whole vectors takes less time than two of slices; the same on all ranks.
    ///
    /// - Parameter count: floats of the vector.
    package static func isFaster(_ assignment: GrainAssignment, count: Int) -> Bool {
        let sums = assignment.order.hosts.map { assignment.roots(ofRanks: $0).count }
        let hosts = sums.count
        guard hosts > 1 else { return false }
        let bytes = count * MemoryLayout<Float>.stride
        let all = sums.reduce(0, +)
        let whole = bytes * (all - (sums.min() ?? 0))
        return whole <= mostBytes && whole - bytes * (all + hosts - 2) / hosts <= extraBytes
    }

    /// Bytes of the window's segment for each rank, the same on all hosts.
    package static func byteCountPerRank(assignment: GrainAssignment, count: Int) -> Int {
        HostMemory.byteCountPerRank(assignment, count: count, bucketCount: 1)
    }

    /// - Parameters:
    ///   - count: floats of the flat vector, a multiple of 16.
    ///   - communication: of a communicator with as many ranks as the assignment.
    ///   - window: shared by the ranks of each host of the assignment's order, of at least
    ///     ``byteCountPerRank(assignment:count:)`` bytes; nil on all ranks where they share none.
    package init(
        assignment: GrainAssignment, count: Int, communication: CommunicationThread, window: SharedWindow? = nil
    ) {
        precondition(
            communication.worldSize == assignment.worldSize,
            "WholeExchangeReduction: grains for \(assignment.worldSize) ranks among \(communication.worldSize)")
        let rank = communication.rank
        let hosts = (window == nil ? assignment.order.apart : assignment.order).hosts
        let roots = hosts.map(assignment.roots(ofRanks:))
        guard let place = hosts.firstIndex(where: { $0.contains(rank) }) else {
            preconditionFailure("WholeExchangeReduction: rank \(rank) is on no host")
        }
        let neighbours = hosts[place]
        let own = neighbours.flatMap(assignment.roots(ofRank:))
        others = hosts.indices.map { $0 == place ? nil : (hosts[$0][0], roots[$0].count) }
        exchanges = neighbours[0] == rank
        sums = PartialSums(of: hosts.indices.flatMap { $0 == place ? own : roots[$0] }, in: assignment.tree)
        hostSums = HostSums(of: own, to: roots[place], in: assignment.tree)
        host = window.flatMap { window in
            neighbours.count == 1
                ? nil : HostMemory(assignment, ranks: neighbours, count: count, bucketCount: 1, window: window)
        }
        incoming = FlatBuffer(count: exchanges ? count * others.reduce(0) { $0 + ($1?.sums ?? 0) } : 0)
        outgoing = FlatBuffer(count: exchanges ? 2 * count * roots[place].count : 0)
        ownResult = host == nil ? FlatBuffer(count: count) : nil
        guard let result = host?.result ?? ownResult?.pointer else {
            preconditionFailure("WholeExchangeReduction: no result")
        }
        (self.communication, self.count, self.result) = (communication, count, result)
    }

    package func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { host?.ownRoots[index] }

    package func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {
        self.roots = roots
        round &+= 1
    }

    package func localSumIsReady(bucket: Int) {}

    /// The sum over all ranks; throws what the communicator throws.
    package func finish() throws -> UnsafePointer<Float> {
        host?.tellReady(0, round: round)
        let isPrompt = count * MemoryLayout<Float>.stride <= WholeExchangeReduction.promptBytes
        try communication.performAtOnce { [self] communicator in
            defer { leaving.leave(on: communication, keeping: self) }
            try waitForHost { host?.isReady(0, round: round) ?? true }
            if exchanges {
                let pieces = try Timeline.span(.exchange, number: 0) {
                    try isPrompt ? exchangeAtOnce(communicator) : exchange(communicator)
                }
                Timeline.span(.add) { sums.add(pieces, into: result, floats: count) }
            }
            host?.tellDone(0, round: round)
            try waitForHost { host?.isDone(0, round: round) ?? true }
        }
        return UnsafePointer(result)
    }

    private var ownSums: [UnsafePointer<Float>] { host?.roots ?? roots.map { UnsafePointer($0) } }

    /// Returns all partial sums in the order of their grains, this host's own in place.
    private func exchangeAtOnce(_ communicator: any Communicator) throws -> [UnsafePointer<Float>] {
        var place = outgoing.pointer
        let sent = hostSums.make(0..<count, of: ownSums, at: &place)
        let (pieces, places) = lay()
        try communicator.exchange(
            sends: others.compactMap { $0 }.flatMap { other in
                sent.flatMap { messages(at: $0).map { OutgoingMessage(to: other.rank, $0) } }
            },
            receives: places.flatMap { from, place in
                messages(at: place).map {
                    IncomingMessage(from: from, into: UnsafeMutableRawBufferPointer(mutating: $0))
                }
            })
        return pieces
    }

    /// A vector cut into what a message carries.
    private func messages(at sum: UnsafePointer<Float>) -> [UnsafeRawBufferPointer] {
        let most = WholeExchangeReduction.promptFloats
        return stride(from: 0, to: count, by: most).map {
            UnsafeRawBufferPointer(UnsafeBufferPointer(start: sum + $0, count: min(most, count - $0)))
        }
    }

    /// The same; what this host sends may still be leaving.
    private func exchange(_ communicator: any Communicator) throws -> [UnsafePointer<Float>] {
        let (pieces, places) = lay()
        var sumsIn: WireTransfer? = WireTransfer(WireFormat(shortened: 0), memory)
        for (rank, place) in places { sumsIn?.receive(0..<count, into: place, from: rank) }
        try sumsIn?.start(communicator, channel: 0)
        let turn = Int(round % 2)
        while try !leaving.haveLeft(bucket: turn) { sched_yield() }
        let first = outgoing.pointer + turn * outgoing.count / 2
        var place = first
        var sumsOut = WireTransfer(WireFormat(shortened: 0), memory)
        let sent = hostSums.make(0..<count, of: ownSums, at: &place).map { sum in
            if sum >= UnsafePointer(first), sum < UnsafePointer(place) { return sum }
            defer { place += count }
            place.update(from: sum, count: count)
            return UnsafePointer(place)
        }
        for other in others.compactMap({ $0 }) {
            for sum in sent { sumsOut.send(0..<count, at: sum, to: other.rank) }
        }
        try sumsOut.start(communicator, channel: 0)
        leaving.add(sumsOut, bucket: turn)
        while try !sumsIn.hasEnded() { sched_yield() }
        return pieces
    }

    /// Where all partial sums are in the order of their grains, and where those of other hosts go, from which rank.
    private func lay() -> ([UnsafePointer<Float>], [(rank: Int, place: UnsafeMutablePointer<Float>)]) {
        var pieces: [UnsafePointer<Float>] = []
        var places: [(rank: Int, place: UnsafeMutablePointer<Float>)] = []
        for other in others {
            guard let other else {
                pieces += ownSums
                continue
            }
            for _ in 0..<other.sums {
                let place = incoming.pointer + places.count * count
                places.append((other.rank, place))
                pieces.append(UnsafePointer(place))
            }
        }
        return (pieces, places)
    }

    private func waitForHost(_ isThere: () -> Bool) throws {
        var turns = 0
        while !isThere() {
            turns += 1
            if turns % 64 == 0 { try host?.attendWhileWaiting() }
            sched_yield()
        }
    }

    package func cancel() {}
}
