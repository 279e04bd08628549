import Autograd
import Collectives
import DataParallel
import Foundation
import Synchronization

/// What adds the ranks' partial sums.
enum ReductionKind: CaseIterable {
    case local, sharedMemory, exchange, whole
}

/// A job whose ranks are threads, each with worker threads and a communication thread, as a real job's.
struct Job: Sendable {
    var grains: Int
    var ranks: Int
    var workers: Int
    var floats: Int
    var bucketBytes = 4 << 20
    var kind: ReductionKind
    var wire = GradientWire.float32
    /// Floats of the vector that are gradients.
    var gradientCount = 0
    var factored = FactoredWeights.none
    /// Where gradients may be divided, where ranks share the update.
    var cuts: [Int]?
    /// Each rank's host, nil for one host.
    var hostOfRank: [Int]?
    /// Counts the bytes that all ranks send, if given.
    var counter: ByteCounter?

    /// What a rank has to run steps with.
    struct Rank: Sendable {
        let number: Int
        let communication: CommunicationThread
        let pool: WorkerPool
        let reducer: GradientReducer

        /// One step: `compute` is called for each grain of the rank.
        func step(
            _ compute:
                @escaping @Sendable (_ grain: Int, _ vector: UnsafeMutablePointer<Float>, _ report: (Int) -> Void)
                throws -> Void
        ) throws -> UnsafePointer<Float> {
            reducer.begin()
            try pool.run { [reducer] _ in try reducer.computeGrains { try compute($0, $1, $2) } }
            return try reducer.finish()
        }
    }

    /// Which rank computes which grains.
    var assignment: GrainAssignment {
        GrainAssignment(grainCount: grains, order: HostOrder(hostOfRank: hosts))
    }

    var shares: UpdateShares? { cuts.map(UpdateShares.init) }
    private var buckets: BucketPlan { BucketPlan(count: floats, bucketBytes: bucketBytes, shares: shares) }
    private var hosts: [Int] { hostOfRank ?? Array(repeating: 0, count: ranks) }

    /// Runs `body` on every rank and returns what each threw. A rank that throws ends the job.
    func run(_ body: @escaping @Sendable (Rank) throws -> Void) -> [(any Error)?] {
        let communicators = Mutex<[ThreadCommunicator?]>(ThreadCommunicator.makeGroup(hostOfRank: hosts))
        let errors = Mutex([(any Error)?](repeating: nil, count: ranks))
        let done = DispatchSemaphore(value: 0)
        for number in 0..<ranks {
            let thread = Thread {
                do {
                    guard let mine = communicators.withLock({ all in all[number].take() }) else {
                        preconditionFailure("no communicator")
                    }
                    let communicator: any Communicator =
                        if let counter { CountingCommunicator(mine, counter) } else { mine }
                    let communication = try CommunicationThread { communicator }
                    try run(body, communication)
                } catch {
                    errors.withLock { $0[number] = error }
                }
                done.signal()
            }
            thread.start()
        }
        for _ in 0..<ranks { done.wait() }
        return errors.withLock { $0 }
    }

    private func run(_ body: (Rank) throws -> Void, _ communication: CommunicationThread) throws {
        let pool = WorkerPool(count: workers, busyWaits: false)
        defer { pool.stop() }
        do {
            let reducer = GradientReducer(
                assignment: assignment, rank: communication.rank, count: floats,
                buckets: buckets, factored: factored,
                reduction: try reduction(communication))
            try body(Rank(number: communication.rank, communication: communication, pool: pool, reducer: reducer))
            try communication.stop()
        } catch {
            let cause = error
            // throws on every thread that aborts
            do { try communication.abort(exitCode: 70, reason: "\(cause)") } catch {}
            do { try communication.stop() } catch {}  // must return though the group has ended
            throw cause
        }
    }

    private func reduction(_ communication: CommunicationThread) throws -> any BucketReduction {
        let assignment = assignment
        switch kind {
        case .local: return LocalReduction()
        case .exchange:
            let count = buckets.ranges.count
            let bytes = ExchangeReduction.byteCountPerRank(
                assignment: assignment, count: floats, bucketCount: count)
            let window =
                hostOfRank == nil
                ? nil : try communication.perform { try $0.sharedWindow(byteCountPerRank: bytes) }
            return ExchangeReduction(
                assignment: assignment, count: floats, communication: communication, window: window,
                bucketCount: count, wire: wire, gradientCount: gradientCount, sharing: shares.map { ($0, buckets) })
        case .whole:
            let bytes = WholeExchangeReduction.byteCountPerRank(assignment: assignment, count: floats)
            let window =
                hostOfRank == nil
                ? nil : try communication.perform { try $0.sharedWindow(byteCountPerRank: bytes) }
            return WholeExchangeReduction(
                assignment: assignment, count: floats, communication: communication, window: window)
        case .sharedMemory:
            let bytes = SharedMemoryReduction.byteCountPerRank(assignment: assignment, count: floats)
            guard let window = try communication.perform({ try $0.sharedWindow(byteCountPerRank: bytes) }) else {
                throw NoWindow()
            }
            return SharedMemoryReduction(
                assignment: assignment, count: floats, window: window, communication: communication, shares: shares)
        }
    }

    struct NoWindow: Error {}
}

/// Sleeps for some microseconds now and then.
func delay(_ random: inout SplitMix64, oneIn: UInt64 = 8) {
    if random.next() % oneIn == 0 { usleep(UInt32(random.next() % 100)) }
}
