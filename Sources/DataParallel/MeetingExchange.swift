import Autograd
import Collectives

/// Merges what the grains of all ranks bring to a meeting, in the order of the tree.
///
/// A rank merges its complete subtrees, the ranks send each other these, and each merges the rest by itself. A rank of
/// whose grains none has samples takes no part: all ranks know of it before a step begins.
///
/// `@unchecked Sendable`: used by one thread at a time, which the meeting's lock passes on.
package final class MeetingExchange: @unchecked Sendable {
    /// Runs what returns when other ranks have done their part.
    package typealias Waiting = @Sendable (() throws -> Void) throws -> Void

    private let rank: Int
    private let communication: CommunicationThread?
    private let waiting: Waiting
    private let grainsOfRank: [Range<Int>]
    /// This rank's roots by their first grain's position, where their sums end up.
    private let roots: [Int]
    private let rootsOfRank: [Int]
    /// All ranks in the order of their grains.
    private let order: [Int]
    private let ownMerges: [(target: Int, source: Int)]
    private let merges: [(target: Int, source: Int)]
    private var hasSamples: [Bool]
    private var takesPart: [Bool]
    // One message a rank: the meeting's place, then the sums of each of its roots.
    private var memory = UnsafeMutableBufferPointer<Double>.allocate(capacity: 0)
    private var pieces: [UnsafeMutablePointer<Double>] = []

    init(_ assignment: GrainAssignment, rank: Int, _ communication: CommunicationThread?, _ waiting: @escaping Waiting)
    {
        precondition(
            (communication?.worldSize ?? 1) == assignment.worldSize,
            "MeetingExchange: grains for \(assignment.worldSize) ranks among \(communication?.worldSize ?? 1)")
        let tree = assignment.tree
        let ranks = 0..<assignment.worldSize
        let nodes = ranks.map(assignment.roots(ofRank:))
        let first = assignment.grains(ofRank: rank).lowerBound
        var ownMerges: [(target: Int, source: Int)] = []
        func sum(_ node: Int) -> Int {
            guard let (left, right) = tree.children(of: node) else { return node - first }
            let target = sum(left)
            ownMerges.append((target, sum(right)))
            return target
        }
        roots = nodes[rank].map(sum)
        self.ownMerges = ownMerges
        self.rank = rank
        self.communication = communication
        self.waiting = waiting
        grainsOfRank = ranks.map(assignment.grains(ofRank:))
        rootsOfRank = nodes.map(\.count)
        let order = assignment.order.ranks
        self.order = order
        merges = tree.additions(of: order.flatMap { nodes[$0] })
        hasSamples = Array(repeating: true, count: assignment.grainCount)
        takesPart = ranks.map { _ in true }
    }

    deinit { memory.deallocate() }

    /// - Parameter hasSamples: which grains, of all ranks, come to the step's meetings.
    func begin(hasSamples: (_ grain: Int) -> Bool) {
        for grain in self.hasSamples.indices { self.hasSamples[grain] = hasSamples(grain) }
        for (rank, grains) in grainsOfRank.enumerated() { takesPart[rank] = grains.contains { self.hasSamples[$0] } }
    }

    /// What the latest meeting merged; valid until the next one.
    var result: UnsafePointer<Double> { UnsafePointer(pieces[0]) }

    /// Merges into ``result``.
    ///
    /// - Parameters:
    ///   - grains: the `count` numbers of each of this rank's grains, which are overwritten.
    ///   - place: the meeting's.
    /// - Throws: what the communicator throws, or `DataParallelError.ranksApart`.
    func merge(
        _ grains: [UnsafeMutablePointer<Double>], at place: Int, count: Int, _ merge: GrainMeeting.Merge
    ) throws {
        for (position, grain) in grainsOfRank[rank].enumerated() where !hasSamples[grain] {
            grains[position].update(repeating: 0, count: count)
        }
        for (target, source) in ownMerges { merge(grains[target], grains[source], count) }
        let messages = lay(count: count)
        messages[rank][0] = Double(place)
        for (index, root) in roots.enumerated() {
            (messages[rank].baseAddress! + 1 + index * count).update(from: grains[root], count: count)
        }
        try send(messages)
        for (other, message) in messages.enumerated() where takesPart[other] && message[0] != Double(place) {
            throw DataParallelError.ranksApart(rank: rank, other: other)
        }
        for (target, source) in merges { merge(pieces[target], pieces[source], count) }
    }

    /// Where each rank's message is; the pieces are the sums in them.
    private func lay(count: Int) -> [UnsafeMutableBufferPointer<Double>] {
        let sizes = rootsOfRank.map { 1 + $0 * count }
        let needed = sizes.reduce(0, +)
        if memory.count < needed {
            memory.deallocate()
            memory = .allocate(capacity: needed)
        }
        var lower = 0
        let messages = sizes.map { size in
            defer { lower += size }
            return UnsafeMutableBufferPointer(rebasing: memory[lower..<lower + size])
        }
        for (rank, message) in messages.enumerated() where !takesPart[rank] { message.update(repeating: 0) }
        pieces.removeAll(keepingCapacity: true)
        for rank in order {
            for root in 0..<rootsOfRank[rank] { pieces.append(messages[rank].baseAddress! + 1 + root * count) }
        }
        return messages
    }

    /// Sends this rank's message to all that take part, and receives theirs.
    private func send(_ messages: [UnsafeMutableBufferPointer<Double>]) throws {
        let others = messages.indices.filter { $0 != rank && takesPart[$0] }
        guard let communication, !others.isEmpty else { return }
        // the caller waits
        nonisolated(unsafe) let messages = messages
        try waiting {
            try communication.perform { [rank] communicator in
                try communicator.exchange(
                    sends: others.map { OutgoingMessage(to: $0, UnsafeRawBufferPointer(messages[rank])) },
                    receives: others.map {
                        IncomingMessage(from: $0, into: UnsafeMutableRawBufferPointer(messages[$0]))
                    })
            }
        }
    }
}
