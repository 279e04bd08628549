import Autograd
import Collectives
import Foundation

/// Ranks on several hosts: each bucket's slices go to their owners, which add them and send the sums back.
///
/// With one partial sum a rank, 2 (P − 1) / P · n floats leave each rank, as with a ring. Buckets go in ascending order on
/// all ranks, on the communication thread, while workers still compute.
///
/// `@unchecked Sendable`: `ready` and `isCancelled` are under the condition's lock; `running` belongs to the rank's main
/// thread; `result` and `incoming` to the communication thread from `begin` until `finish` returns.
public final class ExchangeReduction: BucketReduction, @unchecked Sendable {
    private let communication: CommunicationThread
    private let rank: Int
    private let sums: PartialSums
    private let result: FlatBuffer
    private var incoming = FlatBuffer(count: 0)
    private var running: Outcome<Void>?

    private let condition = NSCondition()
    private var ready: Set<Int> = []
    private var isCancelled = false

    /// - Parameters:
    ///   - count: floats of the flat vector, a multiple of 16.
    ///   - communication: of a communicator with as many ranks as the assignment.
    public init(assignment: GrainAssignment, count: Int, communication: CommunicationThread) {
        precondition(
            communication.worldSize == assignment.worldSize,
            "ExchangeReduction: grains for \(assignment.worldSize) ranks among \(communication.worldSize)")
        self.communication = communication
        rank = communication.rank
        sums = PartialSums(assignment)
        result = FlatBuffer(count: count)
    }

    public func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { nil }

    public func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {
        precondition(running == nil || isGivenUp, "ExchangeReduction: begin before the previous step's finish")
        condition.lock()
        ready.removeAll(keepingCapacity: true)
        condition.unlock()
        nonisolated(unsafe) let roots = roots  // the reducer keeps them until `finish` or `cancel`
        running = communication.submit { [self] communicator in
            reserveIncoming(buckets)
            for (index, bucket) in buckets.enumerated() {
                try waitUntilReady(index)
                try reduce(bucket, of: roots, communicator)
            }
        }
    }

    public func localSumIsReady(bucket: Int) {
        condition.lock()
        ready.insert(bucket)
        condition.signal()
        condition.unlock()
    }

    /// The sum over all ranks; throws what the communicator threw, or ``DataParallelError/stepCancelled(rank:)`` after ``cancel()``.
    public func finish() throws -> UnsafePointer<Float> {
        guard let running else { preconditionFailure("ExchangeReduction: finish before begin") }
        self.running = nil
        try running.wait()
        return UnsafePointer(result.pointer)
    }

    /// Ends the communication thread's wait for buckets, in this step and all later ones; a transfer that has begun goes on until `abort`.
    public func cancel() {
        condition.lock()
        isCancelled = true
        condition.signal()
        condition.unlock()
    }

    private var isGivenUp: Bool {
        condition.lock()
        defer { condition.unlock() }
        return isCancelled
    }

    private func waitUntilReady(_ bucket: Int) throws {
        condition.lock()
        defer { condition.unlock() }
        while !ready.contains(bucket) && !isCancelled { condition.wait() }
        if isCancelled { throw DataParallelError.stepCancelled(rank: rank) }
    }

    // MARK: - On the communication thread

    /// Room for the largest slice of every partial sum that another rank sends; grows in the first step only.
    private func reserveIncoming(_ buckets: [Range<Int>]) {
        let slice = buckets.map { BucketPlan.slice(of: $0, part: rank, of: sums.countOfRank.count).count }.max() ?? 0
        let needed = (sums.count - sums.countOfRank[rank]) * slice
        if incoming.count < needed { incoming = FlatBuffer(count: needed) }
    }

    private func reduce(_ bucket: Range<Int>, of roots: [UnsafeMutablePointer<Float>], _ communicator: any Communicator) throws {
        let slices = sums.countOfRank.indices.map { BucketPlan.slice(of: bucket, part: $0, of: sums.countOfRank.count) }
        let pieces = try gather(slices, of: roots, communicator)
        let mine = slices[rank]
        sums.add(pieces, into: result.pointer + mine.lowerBound, floats: mine.count)
        let others = slices.indices.filter { $0 != rank }
        try communicator.exchange(
            sends: others.map { OutgoingMessage(to: $0, bytes(result.pointer, mine)) },
            receives: others.map { IncomingMessage(from: $0, into: bytes(result.pointer, slices[$0])) })
    }

    /// This rank's slice of every partial sum, in the order of the ranks; its own ones stay where they are.
    private func gather(
        _ slices: [Range<Int>], of roots: [UnsafeMutablePointer<Float>], _ communicator: any Communicator
    ) throws -> [UnsafePointer<Float>] {
        let mine = slices[rank]
        var pieces: [UnsafePointer<Float>] = []
        var sends: [OutgoingMessage] = []
        var receives: [IncomingMessage] = []
        for (peer, count) in sums.countOfRank.enumerated() {
            if peer == rank {
                pieces += roots.map { UnsafePointer($0 + mine.lowerBound) }
                continue
            }
            for root in roots { sends.append(OutgoingMessage(to: peer, bytes(root, slices[peer]))) }
            for _ in 0..<count {
                let slot = incoming.pointer + receives.count * mine.count
                receives.append(IncomingMessage(from: peer, into: bytes(slot, 0..<mine.count)))
                pieces.append(UnsafePointer(slot))
            }
        }
        try communicator.exchange(sends: sends, receives: receives)
        return pieces
    }

    private func bytes(_ pointer: UnsafeMutablePointer<Float>, _ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: pointer + range.lowerBound, count: range.count))
    }

    private func bytes(_ pointer: UnsafeMutablePointer<Float>, _ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(UnsafeBufferPointer(start: pointer + range.lowerBound, count: range.count))
    }
}
