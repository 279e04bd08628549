import Autograd
import Collectives
import Glibc

/// Moves the buckets of a step between ranks on the communication thread, several at once, so that the link is never idle
/// while a bucket is ready: partial sums of the next buckets travel while those of the first are added and sent back.
///
/// The ranks need not be at the same bucket: partial sums and results have a channel each, and on each the buckets ascend.
///
/// `@unchecked Sendable`: used by the communication thread alone.
final class BucketPipeline: @unchecked Sendable {
    private let sums: PartialSums
    private let format: WireFormat
    private let memory = MessageMemory()
    private let rank: Int
    private let result: UnsafeMutablePointer<Float>
    private var incoming = FlatBuffer(count: 0)
    private var slotFloats = 0

    /// Buckets whose partial sums may be under way at once.
    private static let depth = 32
    private enum Channel {
        static let partialSums = 0
        static let results = 1
    }

    /// A bucket whose partial sums are under way.
    private struct Gathering {
        let slices: [Range<Int>]
        let pieces: [UnsafePointer<Float>]
        let transfer: WireTransfer
    }

    /// - Parameter result: where the sums over all ranks go.
    init(sums: PartialSums, format: WireFormat, rank: Int, result: UnsafeMutablePointer<Float>) {
        self.sums = sums
        self.format = format
        self.rank = rank
        self.result = result
    }

    /// Adds all buckets up.
    ///
    /// - Parameters:
    ///   - roots: this rank's partial sums.
    ///   - isReady: whether those of a bucket are there; may wait for it, or throw, only where nothing is under way.
    func run(
        _ buckets: [Range<Int>], of roots: [UnsafeMutablePointer<Float>], _ communicator: any Communicator,
        isReady: (_ bucket: Int, _ waits: Bool) throws -> Bool
    ) throws {
        reserveIncoming(buckets)
        var next = 0
        var gathering: [Gathering] = []
        var returning: [WireTransfer] = []
        while next < buckets.count || !gathering.isEmpty || !returning.isEmpty {
            var hasMoved = false
            if next < buckets.count, gathering.count < BucketPipeline.depth, try isReady(next, gathering.isEmpty && returning.isEmpty) {
                gathering.append(try gather(next, buckets[next], of: roots, communicator))
                next += 1
                hasMoved = true
            }
            if let first = gathering.first, try first.transfer.isDone() {
                returning.append(try add(gathering.removeFirst(), communicator))
                hasMoved = true
            }
            if let first = returning.first, try first.isDone() {
                returning.removeFirst()
                hasMoved = true
            }
            if !hasMoved { sched_yield() }
        }
    }

    /// Room for the largest slice of every partial sum that another rank sends, `depth` times; grows in the first step only.
    private func reserveIncoming(_ buckets: [Range<Int>]) {
        let slice = buckets.map { BucketPlan.slice(of: $0, part: rank, of: sums.countOfRank.count).count }.max() ?? 0
        memory.reserve(floats: (buckets.map(\.count).max() ?? 0) / sums.countOfRank.count + 16)
        slotFloats = (sums.count - sums.countOfRank[rank]) * slice
        let needed = min(BucketPipeline.depth, buckets.count) * slotFloats
        if incoming.count < needed { incoming = FlatBuffer(count: needed) }
    }

    /// Posts the slices of a bucket: this rank's of every partial sum comes here, the others go to their owners.
    private func gather(
        _ number: Int, _ bucket: Range<Int>, of roots: [UnsafeMutablePointer<Float>], _ communicator: any Communicator
    ) throws -> Gathering {
        let slices = sums.countOfRank.indices.map { BucketPlan.slice(of: bucket, part: $0, of: sums.countOfRank.count) }
        let mine = slices[rank]
        let slot = incoming.pointer + number % BucketPipeline.depth * slotFloats
        var pieces: [UnsafePointer<Float>] = []
        var transfer = WireTransfer(format, memory)
        var received = 0
        for (peer, count) in sums.countOfRank.enumerated() {
            if peer == rank {
                pieces += roots.map { UnsafePointer($0 + mine.lowerBound) }
                continue
            }
            for root in roots { transfer.send(slices[peer], at: root + slices[peer].lowerBound, to: peer) }
            for _ in 0..<count {
                let place = slot + received * mine.count
                transfer.receive(mine, into: place, from: peer)
                pieces.append(UnsafePointer(place))
                received += 1
            }
        }
        try transfer.start(communicator, channel: Channel.partialSums)
        return Gathering(slices: slices, pieces: pieces, transfer: transfer)
    }

    /// Adds this rank's slice of a bucket, and posts the sums of all slices.
    private func add(_ gathered: Gathering, _ communicator: any Communicator) throws -> WireTransfer {
        let mine = gathered.slices[rank]
        sums.add(gathered.pieces, into: result + mine.lowerBound, floats: mine.count)
        format.round(result + mine.lowerBound, mine)  // what the others get
        var transfer = WireTransfer(format, memory)
        for (peer, slice) in gathered.slices.enumerated() where peer != rank {
            transfer.send(mine, at: result + mine.lowerBound, to: peer)
            transfer.receive(slice, into: result + slice.lowerBound, from: peer)
        }
        try transfer.start(communicator, channel: Channel.results)
        return transfer
    }
}
