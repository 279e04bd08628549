import Autograd
import Collectives
import Foundation
import Kernels

/// Adds the ranks' partial sums of a step, bucket by bucket, in the order of the tree.
public protocol BucketReduction: AnyObject, Sendable {
    /// Memory that a local root's sum should be in, or nil for any.
    func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>?
    /// A step begins; `roots` hold this rank's partial sums in the end.
    func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>])
    /// A bucket of all local roots is final; called from any worker.
    func localSumIsReady(bucket: Int)
    /// Waits for the sum over all ranks.
    func finish() throws -> UnsafePointer<Float>
}

/// One rank: the tree's root is the sum.
///
/// `@unchecked Sendable`: used between the worker barriers of one rank's step.
public final class LocalReduction: BucketReduction, @unchecked Sendable {
    private var root: UnsafeMutablePointer<Float>?

    public init() {}

    public func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { nil }
    public func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) { root = roots[0] }
    public func localSumIsReady(bucket: Int) {}

    public func finish() throws -> UnsafePointer<Float> {
        guard let root else { preconditionFailure("LocalReduction: finish before begin") }
        return UnsafePointer(root)
    }
}

/// Ranks that share memory read each other's partial sums in place; each adds one slice of every bucket into a common result.
///
/// `@unchecked Sendable`: used by the rank's main thread; slices are disjoint and the window's barrier orders the ranks.
public final class SharedMemoryReduction: BucketReduction, @unchecked Sendable {
    private let window: SharedWindow
    private let rank: Int
    private let count: Int
    private let rootsOfRank: [[Int]]
    private let additions: [(target: Int, source: Int)]
    private let scratch: FlatBuffer

    /// Bytes of the window's segment for each rank: its roots' sums and a slot for the result.
    public static func byteCountPerRank(assignment: GrainAssignment, count: Int) -> Int {
        ((0..<assignment.worldSize).map { assignment.roots(ofRank: $0).count }.max() ?? 1) * count * 4 + count * 4
    }

    /// - Parameter window: of at least ``byteCountPerRank(assignment:count:)`` bytes, shared by all ranks of the job.
    public init(assignment: GrainAssignment, rank: Int, count: Int, window: SharedWindow) {
        self.window = window
        self.rank = rank
        self.count = count
        rootsOfRank = (0..<assignment.worldSize).map(assignment.roots(ofRank:))
        additions = assignment.tree.additions(of: rootsOfRank.flatMap { $0 })
        scratch = FlatBuffer(count: SharedMemoryReduction.chunk * rootsOfRank.joined().count)
    }

    /// Floats added at a time, so that partial sums stay in the first-level cache.
    private static let chunk = 2048

    private func segment(_ rank: Int) -> UnsafeMutablePointer<Float> {
        window.segment(ofHostRank: rank).assumingMemoryBound(to: Float.self)
    }

    private var result: UnsafeMutablePointer<Float> { segment(0) }

    public func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { segment(rank) + (index + 1) * count }
    public func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {}
    public func localSumIsReady(bucket: Int) {}

    public func finish() throws -> UnsafePointer<Float> {
        try window.synchronize()
        let mine = BucketPlan.slice(of: 0..<count, part: rank, of: rootsOfRank.count)
        addSlice(mine)
        try window.synchronize()
        return UnsafePointer(result)
    }

    /// result[slice] = the partial sums of all ranks, added in the tree's order.
    private func addSlice(_ slice: Range<Int>) {
        var pieces: [UnsafeMutablePointer<Float>] = []
        for (rank, roots) in rootsOfRank.enumerated() {
            for index in roots.indices { pieces.append(segment(rank) + (index + 1) * count) }
        }
        if pieces.count == 2 {
            add(pieces[0] + slice.lowerBound, pieces[1] + slice.lowerBound, into: result + slice.lowerBound, count: slice.count)
            return
        }
        var lower = slice.lowerBound
        while lower < slice.upperBound {
            let n = min(SharedMemoryReduction.chunk, slice.upperBound - lower)
            for (index, piece) in pieces.enumerated() {
                (scratch.pointer + index * SharedMemoryReduction.chunk).update(from: piece + lower, count: n)
            }
            for (target, source) in additions {
                accumulate(
                    scratch.pointer + source * SharedMemoryReduction.chunk,
                    into: scratch.pointer + target * SharedMemoryReduction.chunk, count: n)
            }
            (result + lower).update(from: scratch.pointer, count: n)
            lower += n
        }
    }
}

/// Ranks on several hosts: each bucket's slices go to their owners, which add them and send the sums back.
///
/// 2 (P − 1) / P · n floats leave each rank, as with a ring. Runs on the communication thread while workers still compute.
///
/// `@unchecked Sendable`: `ready` is under the condition's lock; buffers belong to the communication thread from the
/// moment a bucket is ready until `finish` returns.
public final class ExchangeReduction: BucketReduction, @unchecked Sendable {
    private let communication: CommunicationThread
    private let rank: Int
    private let rootsOfRank: [[Int]]
    private let additions: [(target: Int, source: Int)]
    private let result: FlatBuffer
    private var incoming: FlatBuffer
    private let condition = NSCondition()
    private var ready: Set<Int> = []
    private var roots: [UnsafeMutablePointer<Float>] = []
    private var buckets: [Range<Int>] = []
    private var running: Outcome<Void>?

    public init(assignment: GrainAssignment, count: Int, communication: CommunicationThread) {
        self.communication = communication
        rank = communication.rank
        rootsOfRank = (0..<assignment.worldSize).map(assignment.roots(ofRank:))
        additions = assignment.tree.additions(of: rootsOfRank.flatMap { $0 })
        result = FlatBuffer(count: count)
        incoming = FlatBuffer(count: 0)
    }

    public func memory(forRoot index: Int) -> UnsafeMutablePointer<Float>? { nil }

    public func begin(_ roots: [UnsafeMutablePointer<Float>], _ buckets: [Range<Int>]) {
        self.roots = roots
        self.buckets = buckets
        condition.lock()
        ready.removeAll(keepingCapacity: true)
        condition.unlock()
        running = communication.submit { [self] communicator in
            for bucket in buckets.indices {
                waitUntilReady(bucket)
                try reduce(bucket, communicator)
            }
        }
    }

    public func localSumIsReady(bucket: Int) {
        condition.lock()
        ready.insert(bucket)
        condition.signal()
        condition.unlock()
    }

    public func finish() throws -> UnsafePointer<Float> {
        try running?.wait()
        running = nil
        return UnsafePointer(result.pointer)
    }

    private func waitUntilReady(_ bucket: Int) {
        condition.lock()
        while !ready.contains(bucket) { condition.wait() }
        condition.unlock()
    }

    private func reduce(_ bucket: Int, _ communicator: any Communicator) throws {
        let worldSize = rootsOfRank.count
        let slices = (0..<worldSize).map { BucketPlan.slice(of: buckets[bucket], part: $0, of: worldSize) }
        let mine = slices[rank]
        let pieces = rootsOfRank.joined().count
        if incoming.count < pieces * mine.count { incoming = FlatBuffer(count: pieces * mine.count) }

        var sends: [OutgoingMessage] = []
        var receives: [IncomingMessage] = []
        var slot = 0
        for peer in 0..<worldSize {
            for root in roots { sends.append(OutgoingMessage(to: peer, bytes(root, slices[peer]))) }
            for _ in rootsOfRank[peer] {
                receives.append(IncomingMessage(from: peer, into: bytes(incoming.pointer + slot * mine.count, 0..<mine.count)))
                slot += 1
            }
        }
        try communicator.exchange(sends: sends, receives: receives)
        for (target, source) in additions {
            accumulate(incoming.pointer + source * mine.count, into: incoming.pointer + target * mine.count, count: mine.count)
        }
        (result.pointer + mine.lowerBound).update(from: incoming.pointer, count: mine.count)

        let others = (0..<worldSize).filter { $0 != rank }
        try communicator.exchange(
            sends: others.map { OutgoingMessage(to: $0, bytes(result.pointer, mine)) },
            receives: others.map { IncomingMessage(from: $0, into: bytes(result.pointer, slices[$0])) })
    }

    private func bytes(_ pointer: UnsafeMutablePointer<Float>, _ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: pointer + range.lowerBound, count: range.count * 4)
    }

    private func bytes(_ pointer: UnsafeMutablePointer<Float>, _ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: pointer + range.lowerBound, count: range.count * 4)
    }
}
