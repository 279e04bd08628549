import Autograd
import Collectives
import Glibc

/// Moves the buckets of a step between ranks on the communication thread, several at once, so that the link is never
/// idle while a bucket is ready. The last of the ready buckets goes first: its weights are the first that the next step
/// uses.
///
/// Ranks need not agree on the order: all receives are posted before the first send, each bucket on channels of its
/// own. So a send never waits for what the other rank has yet to compute, however few are under way.
///
/// `@unchecked Sendable`: used by the communication thread alone.
final class BucketPipeline: @unchecked Sendable {
    private let sums: PartialSums
    private let format: WireFormat
    private let memory = MessageMemory()
    private let rank: Int
    private let result: UnsafeMutablePointer<Float>
    private var incoming = FlatBuffer(count: 0)

    /// Buckets whose partial sums may be leaving at once: enough to fill a link, few enough that a bucket which is
    /// needed sooner soon has its turn.
    private static let depth = 4

    /// A bucket's way: its partial sums come from the others and go to them, are added, then the results do the same.
    private struct Passage {
        let slices: [Range<Int>]
        let pieces: [UnsafePointer<Float>]
        var sumsOut: WireTransfer?
        var sumsIn: WireTransfer?
        var resultsOut: WireTransfer?
        var resultsIn: WireTransfer?
        var isStarted = false
        var isAdded = false

        var hasArrived: Bool { isAdded && sumsOut == nil && resultsOut == nil && resultsIn == nil }
    }

    /// - Parameter result: where the sums over all ranks go.
    init(sums: PartialSums, format: WireFormat, rank: Int, result: UnsafeMutablePointer<Float>) {
        self.sums = sums
        self.format = format
        self.rank = rank
        self.result = result
    }

    /// Adds all buckets up and tells `arrivals`, which says what is ready. Where that fails while nothing is under way,
    /// throws its failure.
    func run(
        _ buckets: [Range<Int>], of roots: [UnsafeMutablePointer<Float>], _ communicator: any Communicator,
        _ arrivals: SumArrivals
    ) throws {
        // Not before the first bucket is ready: until then the previous step's result may be in use.
        var next = try arrivals.takeReady(waits: true)
        var passages = try expect(buckets, of: roots, communicator)
        var underWay: [Int] = []
        var left = buckets.count
        var turn = 0
        while left > 0 {
            var hasMoved = false
            if next == nil, underWay.lazy.filter({ passages[$0].sumsOut != nil }).count < BucketPipeline.depth {
                next = try arrivals.takeReady(waits: underWay.isEmpty)
            }
            if let bucket = next {
                passages[bucket].sumsOut = try sendSums(passages[bucket], of: roots, communicator, channel: 2 * bucket)
                passages[bucket].isStarted = true
                underWay.append(bucket)
                next = nil
                hasMoved = true
            }
            // What comes before this rank is ready for it ends another rank's send; one a turn is enough.
            if try finish(&passages[turn].sumsIn) { hasMoved = true }
            turn = (turn + 1) % buckets.count
            for bucket in underWay where try advance(&passages[bucket], communicator, channel: 2 * bucket + 1) {
                hasMoved = true
                if passages[bucket].hasArrived {
                    arrivals.hasArrived(bucket)
                    left -= 1
                }
            }
            if hasMoved { underWay.removeAll { passages[$0].hasArrived } } else { sched_yield() }
        }
    }

    /// Posts the receives of all buckets: this rank's slice of every other partial sum, and the results of the other
    /// slices.
    private func expect(
        _ buckets: [Range<Int>], of roots: [UnsafeMutablePointer<Float>], _ communicator: any Communicator
    ) throws -> [Passage] {
        let ranks = sums.countOfRank.count
        let slices = buckets.map { bucket in (0..<ranks).map { BucketPlan.slice(of: bucket, part: $0, of: ranks) } }
        memory.reserve(floats: slices.joined().map(\.count).max() ?? 0)
        let needed = (sums.count - sums.countOfRank[rank]) * slices.reduce(0) { $0 + $1[rank].count }
        if incoming.count < needed { incoming = FlatBuffer(count: needed) }
        var place = incoming.pointer
        return try slices.enumerated().map { bucket, slices in
            let mine = slices[rank]
            var pieces: [UnsafePointer<Float>] = []
            var sumsIn = WireTransfer(format, memory)
            var resultsIn = WireTransfer(format, memory)
            for (peer, count) in sums.countOfRank.enumerated() {
                if peer == rank {
                    pieces += roots.map { UnsafePointer($0 + mine.lowerBound) }
                    continue
                }
                for _ in 0..<count {
                    sumsIn.receive(mine, into: place, from: peer)
                    pieces.append(UnsafePointer(place))
                    place += mine.count
                }
                resultsIn.receive(slices[peer], into: result + slices[peer].lowerBound, from: peer)
            }
            try sumsIn.start(communicator, channel: 2 * bucket)
            try resultsIn.start(communicator, channel: 2 * bucket + 1)
            return Passage(slices: slices, pieces: pieces, sumsIn: sumsIn, resultsIn: resultsIn)
        }
    }

    /// Sends the other ranks' slices of this rank's partial sums.
    private func sendSums(
        _ passage: Passage, of roots: [UnsafeMutablePointer<Float>], _ communicator: any Communicator, channel: Int
    ) throws -> WireTransfer {
        var transfer = WireTransfer(format, memory)
        for (peer, slice) in passage.slices.enumerated() where peer != rank {
            for root in roots { transfer.send(slice, at: root + slice.lowerBound, to: peer) }
        }
        try transfer.start(communicator, channel: channel)
        return transfer
    }

    /// Takes a bucket further where its messages permit, and tells whether they did.
    private func advance(_ passage: inout Passage, _ communicator: any Communicator, channel: Int) throws -> Bool {
        var hasMoved = try finish(&passage.sumsOut)
        if try finish(&passage.sumsIn) { hasMoved = true }
        if !passage.isAdded, passage.isStarted, passage.sumsIn == nil {
            passage.resultsOut = try add(passage, communicator, channel: channel)
            passage.isAdded = true
            hasMoved = true
        }
        if passage.isAdded {
            if try finish(&passage.resultsOut) { hasMoved = true }
            if try finish(&passage.resultsIn) { hasMoved = true }
        }
        return hasMoved
    }

    /// Whether a transfer was under way and has ended, which it forgets then.
    private func finish(_ transfer: inout WireTransfer?) throws -> Bool {
        guard let running = transfer, try running.isDone() else { return false }
        transfer = nil
        return true
    }

    /// Adds this rank's slice of a bucket, and sends the sum to all others.
    private func add(_ passage: Passage, _ communicator: any Communicator, channel: Int) throws -> WireTransfer {
        let mine = passage.slices[rank]
        sums.add(passage.pieces, into: result + mine.lowerBound, floats: mine.count)
        format.round(result + mine.lowerBound, mine)  // what the others get
        var transfer = WireTransfer(format, memory)
        for peer in passage.slices.indices where peer != rank {
            transfer.send(mine, at: result + mine.lowerBound, to: peer)
        }
        try transfer.start(communicator, channel: channel)
        return transfer
    }
}
