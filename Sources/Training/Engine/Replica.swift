import Autograd
import DataParallel
import FaultInjection
import Foundation
import JobHealth
import Kernels
import NeuralNetwork
import Optimization
import Synchronization
import System
import TensorCore

/// One rank's copy of the model: its weights, its workers and what adds their gradients up with all other ranks'.
///
/// `@unchecked Sendable`: the main thread owns a replica; during a step each worker touches its own tape and the grain
/// vector that the reducer gave it, and only reads the weights.
package final class Replica: @unchecked Sendable {
    package let model: Model
    /// Weights and running statistics in the model's layout.
    package let values: FlatBuffer
    package let pool: WorkerPool
    private let tapes: [Tape]
    private let reducer: GradientReducer
    /// Where updates wait for the next forward pass; nil where the sums come all at once.
    private let deferred: DeferredUpdate?

    /// Floats after the layout's in a grain's vector: sums of loss, samples and right predictions, flags.
    package static let tailCount = 16
    /// Where a rank that wants to stop leaves a 1 in the tail; every rank sees the sum.
    private static let stopFlag = 15
    /// The same for a rank that wants a checkpoint.
    private static let saveFlag = 14

    /// The floats of a grain's flat vector.
    package static func vectorCount(_ model: Model) -> Int { model.layout.count + tailCount }

    /// The grains of a step that this rank computes.
    package let grains: Range<Int>

    /// A replica of `ranks.rank`; collective. Ranks of one host add through shared memory, others by messages.
    ///
    /// - Parameters:
    ///   - grainCount: grains of a step, at least one for every rank.
    ///   - wire: the numbers in which gradients travel between hosts.
    ///   - defersUpdates: where gradients travel in messages, a step ends before they have come, and weights change
    ///     when the next forward pass needs them. Not for updates that need all gradients first.
    package init(
        model: Model, values: FlatBuffer, threads: Int, grainCount: Int, ranks: Ranks, wire: GradientWire = .float32,
        defersUpdates: Bool = false
    ) throws {
        let count = Replica.vectorCount(model)
        let assignment = GrainAssignment(grainCount: grainCount, worldSize: ranks.worldSize)
        let isCrowded = ranks.hostSize * threads > Placement.onlineCores
        let reduction = try Replica.makeReduction(
            assignment, count: count, ranks, wire: wire, gradientCount: model.layout.trainableCount)
        self.model = model
        self.values = values
        pool = WorkerPool(count: threads, busyWaits: !isCrowded)
        reducer = GradientReducer(assignment: assignment, rank: ranks.rank, count: count, reduction: reduction)
        grains = assignment.grains(ofRank: ranks.rank)
        let deferred = defersUpdates && reducer.sendsMessages ? DeferredUpdate(layout: model.layout) : nil
        self.deferred = deferred
        tapes = (0..<threads).map { _ in Tape(layout: model.layout, values: values, willRead: deferred?.bringUpToDate) }
    }

    /// How the ranks add their partial sums: by themselves, through shared memory, or by messages; collective.
    static func makeReduction(
        _ assignment: GrainAssignment, count: Int, _ ranks: Ranks, wire: GradientWire = .float32, gradientCount: Int = 0
    ) throws -> any BucketReduction {
        if ranks.worldSize == 1 { return LocalReduction() }
        if ranks.shareOneHost {
            let bytes = SharedMemoryReduction.byteCountPerRank(assignment: assignment, count: count)
            if let window = try ranks.waiting({ try $0.sharedWindow(byteCountPerRank: bytes) }) {
                return SharedMemoryReduction(
                    assignment: assignment, count: count, window: window, communication: ranks.communication)
            }
        }
        return ExchangeReduction(
            assignment: assignment, count: count, communication: ranks.communication, wire: wire,
            gradientCount: gradientCount)
    }

    /// Whether gradients travel in messages, rather than through memory that all ranks share.
    package var sendsMessages: Bool { reducer.sendsMessages }

    /// What a step gives: Σ over all samples of all ranks.
    package struct StepSums {
        /// Gradients and statistics in the model's layout; valid until the next step begins. The gradients may still be
        /// on their way.
        package let vector: UnsafePointer<Float>
        /// Says which have come; nil when all have.
        let arrivals: SumArrivals?
        package let tally: Tally
        /// Ranks that asked to stop.
        package let stopRequests: Int
        /// Ranks that asked for a checkpoint.
        package let saveRequests: Int
        /// Seconds of the main thread in its own grains, waiting for other workers and ranks, and adding.
        package let computeSeconds: Double
        package let waitSeconds: Double
        package let reduceSeconds: Double
    }

    /// Gives a grain's samples to `body`, which must not keep them.
    package typealias SampleSource = @Sendable (_ grain: Int, _ body: (Samples) throws -> Void) throws -> Void

    /// Computes this rank's grains of a step and adds all ranks' up.
    ///
    /// - Parameters:
    ///   - key: this step's; each grain folds its number in.
    ///   - wantsStop: whether this rank has been asked to stop.
    ///   - wantsSave: whether a checkpoint is due by this rank's clock.
    package func step(
        _ objective: any Objective, key: RandomKey, wantsStop: Bool = false, wantsSave: Bool = false,
        samples: @escaping SampleSource
    ) throws -> StepSums {
        reducer.begin()
        let start = Clock.seconds
        let computed = Mutex(0.0)
        try pool.run { [self] worker in
            try reducer.computeGrains { grain, vector, onProgress in
                try samples(grain) { samples in
                    try compute(
                        objective, samples, worker, key.folding(grain), into: vector, (wantsStop, wantsSave), onProgress
                    )
                }
            }
            if worker == 0 { computed.withLock { $0 = Clock.seconds } }
        }
        Activity.beat()
        try TestFault.reach(.allReduce, step: Activity.step)
        let joined = Clock.seconds
        let arrivals = deferred == nil ? nil : try reducer.arrivals()
        let sum = try Activity.waitingForRanks {
            try arrivals?.wait(for: model.layout.trainableCount..<Replica.vectorCount(model)) ?? reducer.finish()
        }
        let end = Clock.seconds
        let own = computed.withLock { $0 }
        let tail = sum + model.layout.count
        return StepSums(
            vector: sum, arrivals: arrivals,
            tally: Tally(loss: Double(tail[0]), samples: Double(tail[1]), correct: Double(tail[2])),
            stopRequests: Int(tail[Replica.stopFlag]), saveRequests: Int(tail[Replica.saveFlag]),
            computeSeconds: own - start,
            waitSeconds: joined - own + reducer.waitSeconds, reduceSeconds: end - joined - reducer.waitSeconds)
    }

    /// Updates the weights by a step's sums: at once on all workers, or when the next forward pass needs them.
    ///
    /// - Parameters:
    ///   - step: counted from 0.
    ///   - change: changes a range of the flat memory; called for disjoint ranges, by several threads.
    func update(
        _ sums: StepSums, step: Int,
        _ change: @escaping @Sendable (_ range: Range<Int>, _ gradients: UnsafePointer<Float>) -> Void
    ) throws {
        model.updateStatistics(values, sums: sums.vector, samples: Float(sums.tally.samples))
        if let deferred, let arrivals = sums.arrivals { return deferred.begin(step: step, arrivals, update: change) }
        nonisolated(unsafe) let gradients = sums.vector
        let count = model.layout.trainableCount
        try pool.run { [pool] worker in change(Optimizer.range(of: count, part: worker, of: pool.count), gradients) }
    }

    /// Whether updates wait for the next forward pass, so that ``gradientNorm(_:_:)`` can't be asked for.
    var defersUpdates: Bool { deferred != nil }

    /// Ends an update that waits; whoever reads the weights outside of a step calls it first.
    ///
    /// - Throws: `DeferredUpdate.NonFiniteGradient`, or why sums did not come.
    func settle() throws { try deferred?.settle() }

    /// One grain, forward and backward; an empty grain contributes zeros.
    private func compute(
        _ objective: any Objective, _ samples: Samples, _ worker: Int, _ key: RandomKey,
        into vector: UnsafeMutablePointer<Float>,
        _ wants: (stop: Bool, save: Bool), _ onProgress: @escaping (Int) -> Void
    ) throws {
        let tail = vector + model.layout.count
        tail.update(repeating: 0, count: Replica.tailCount)
        if wants.stop { tail[Replica.stopFlag] = 1 }
        if wants.save { tail[Replica.saveFlag] = 1 }
        guard samples.inputs.shape[0] > 0 else {
            try settle()
            vector.update(repeating: 0, count: model.layout.count)
            return
        }
        let tape = tapes[worker]
        tape.begin(gradients: vector, onProgress: onProgress)
        let (loss, tally) = objective(model, samples, on: tape, mode: .training(key))
        tail[0] = Float(tally.loss)
        tail[1] = Float(tally.samples)
        tail[2] = Float(tally.correct)
        try settle()  // the vector's memory may hold sums of the previous step until then
        tape.backward(from: loss)
        TestFault.poison(tail, .allReduce, step: Activity.step)
    }

    /// The tally of each grain in `grains`, with evaluation's arithmetic; `samples` gives a grain's samples.
    package func evaluate(_ objective: any Objective, grains: Range<Int>, samples: @escaping SampleSource) throws
        -> [Tally]
    {
        let next = Atomic(grains.lowerBound)
        let tallies = Mutex(Array(repeating: Tally(), count: grains.count))
        try pool.run { [self] worker in
            while true {
                let grain = next.add(1, ordering: .relaxed).oldValue
                if grain >= grains.upperBound { return }
                try samples(grain) { samples in
                    guard samples.inputs.shape[0] > 0 else { return }
                    let tape = tapes[worker]
                    tape.begin(gradients: nil)
                    let (_, tally) = objective(model, samples, on: tape, mode: .evaluation)
                    tallies.withLock { $0[grain - grains.lowerBound] = tally }
                }
                Activity.beat()
            }
        }
        return tallies.withLock { $0 }
    }

    /// The model's output for a batch, computed by worker 0.
    package func predict(_ inputs: Tensor) -> Tensor {
        Activity.beat()
        tapes[0].begin(gradients: nil)
        return model(tapes[0].constant(inputs), mode: .evaluation).value
    }

    /// The Euclidean norm of the mean gradient, in an order that depends on the layout alone; not finite if any element
    /// is not.
    package func gradientNorm(_ sums: StepSums, _ optimizer: Optimizer) throws -> Double {
        let norm = GradientNorm(optimizer.groups)
        let chunks = Mutex(Array(repeating: 0.0, count: norm.chunkCount))
        nonisolated(unsafe) let gradients = sums.vector
        let parts = pool.count
        try pool.run { worker in
            var part = Array(repeating: 0.0, count: norm.chunkCount)
            norm.sumSquares(of: gradients, into: &part, part: worker, of: parts)
            chunks.withLock { total in
                for index in norm.chunkCount * worker / parts..<norm.chunkCount * (worker + 1) / parts {
                    total[index] = part[index]
                }
            }
        }
        return chunks.withLock { norm.norm(sums: $0, gradientScale: 1 / sums.tally.samples) }
    }

    /// How often and how much the workers' pools and the reducer took from the system; constant in the steady state.
    package var memoryStatistics: (allocations: Int, bytes: Int) {
        tapes.reduce((reducer.allocatedBuffers, reducer.allocatedBuffers * reducer.count * 4)) {
            ($0.0 + $1.pool.statistics.systemAllocations, $0.1 + $1.pool.statistics.systemBytes)
        }
    }
}
