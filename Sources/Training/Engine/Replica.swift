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

/// One rank's copy of the models: their weights, its workers and what adds their gradients up with all other ranks'.
///
/// `@unchecked Sendable`: the main thread owns a replica; during a step each worker touches its own tape and the grain
/// vector that the reducer gave it, and only reads the weights.
package final class Replica: @unchecked Sendable {
    package let network: Network
    /// Weights, running statistics and carried state in the network's layout.
    package let values: FlatBuffer
    package let pool: WorkerPool
    let tapes: [Tape]
    let sums: [PhaseSums]
    /// Where grains meet, and the threads of all of this rank's; nil where no phase has layers over the whole batch.
    private let meeting: (place: BatchMeeting, pool: WorkerPool)?

    /// What adds up the grains of one phase.
    struct PhaseSums {
        let layout: GrainVectorLayout
        let reducer: GradientReducer
        /// How ranks share the update; nil where each makes all of it.
        let shares: UpdateShares?
        /// Where updates wait for the next forward pass; nil where the sums come all at once.
        let deferred: DeferredUpdate?
        /// Whether it has layers over the whole batch, so that all grains are computed together.
        let meets: Bool
        /// Nil where the gradient's variance is not measured.
        let noise: GradientNoise?

        /// Whether a step ends before the sums of the gradients have come.
        var defersWhole: Bool { deferred != nil && reducer.owned == nil }
    }

    let ranks: Ranks
    let precision: ProductPrecision
    var rank: Int { ranks.rank }
    /// The grains of a step that this rank computes.
    package let grains: Range<Int>

    /// A replica of `ranks.rank`; collective. Ranks of one host add through shared memory, hosts by messages.
    ///
    /// - Parameters:
    ///   - vectors: the grain vector's layout in each phase; none where nothing is trained.
    ///   - grainCount: grains of a step, at least one for every rank.
    ///   - precision: of the products in every pass.
    ///   - noises: what measures the variance of each phase's gradient; empty where none is measured. Such updates are
    ///     not deferred.
    ///   - wire: the numbers in which gradients travel between hosts.
    ///   - defersUpdates: where gradients travel in messages, a step ends before they have come, and weights change
    ///     when the next forward pass needs them. Not for updates that need all gradients first.
    ///   - shares: of each phase, how ranks share its update; nil, or empty, where every rank makes all of it.
    package init(
        network: Network, values: FlatBuffer, vectors: [GrainVectorLayout], threads: Int, grainCount: Int,
        ranks: Ranks, precision: ProductPrecision = .float32, noises: [GradientNoise?] = [],
        wire: GradientWire = .float32, defersUpdates: Bool = false, shares: [UpdateShares?] = []
    ) throws {
        let assignment = ranks.assignment(grainCount: grainCount)
        let isCrowded = ranks.hostSize * threads > Placement.onlineCores
        self.network = network
        self.values = values
        self.ranks = ranks
        self.precision = precision
        pool = WorkerPool(count: threads, busyWaits: !isCrowded)
        grains = assignment.grains(ofRank: ranks.rank)
        let defersUpdates = defersUpdates && noises.allSatisfy { $0 == nil }
        let sums = try vectors.enumerated().map { phase, layout in
            let meets = network.meetsOverBatch(layout)
            let shares = ranks.worldSize > 1 && shares.indices.contains(phase) ? shares[phase] : nil
            let buckets = BucketPlan(count: layout.count, ranks: ranks.worldSize, shares: shares)
            let reduction = try Replica.makeReduction(
                assignment, count: layout.count, ranks, wire: wire, gradientCount: layout.gradients.count,
                startsComplete: meets, sharing: shares.map { ($0, buckets) })
            let reducer = GradientReducer(
                assignment: assignment, rank: ranks.rank, count: layout.count, buckets: buckets,
                factored: layout.factored, reduction: reduction)
            let defers = (defersUpdates || shares != nil) && reducer.sendsBuckets
            return PhaseSums(
                layout: layout, reducer: reducer, shares: shares,
                deferred: defers ? DeferredUpdate(layout: layout.trained) : nil, meets: meets,
                noise: noises.indices.contains(phase) ? noises[phase] : nil)
        }
        self.sums = sums
        let deferred = sums.compactMap(\.deferred)
        let willRead: ((Parameter) -> Void)? =
            deferred.isEmpty ? nil : { parameter in for update in deferred { update.bringUpToDate(parameter) } }
        meeting =
            sums.contains(where: \.meets)
            ? Replica.makeMeeting(assignment, ranks, threads: threads, grains: grains.count) : nil
        tapes = (0..<(meeting?.pool.count ?? threads)).map { _ in
            Tape(layout: network.layout, values: values, willRead: willRead)
        }
    }

    private static func makeMeeting(_ assignment: GrainAssignment, _ ranks: Ranks, threads: Int, grains: Int)
        -> (BatchMeeting, WorkerPool)
    {
        (
            BatchMeeting(
                assignment: assignment, rank: ranks.rank, permits: threads,
                communication: ranks.worldSize > 1 ? ranks.communication : nil,
                waiting: { try Activity.waitingForRanks($0) }),
            WorkerPool(count: max(threads, grains), busyWaits: false)
        )
    }

    /// Grains of this rank that are computed at once, at most: its threads, or all where they meet.
    package var grainsAtOnce: Int { meeting?.pool.count ?? pool.count }

    /// Of each phase, the gradients that each rank owns; nil where every rank updates all.
    var owned: [OwnedGradients?] { sums.map(\.reducer.owned) }

    /// Whether gradients travel in messages while others are computed.
    package var sendsBuckets: Bool { sums.contains { $0.reducer.sendsBuckets } }

    /// What a step gives: Σ over all samples of all ranks.
    package struct StepSums {
        /// The sum of all grains' vectors, in the phase's layout; valid until its next step begins. The gradients may
        /// still be on their way.
        package let vector: UnsafePointer<Float>
        /// Says which have come; nil when all have.
        let arrivals: SumArrivals?
        package let metrics: MetricSums
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
    package typealias SampleSource = @Sendable (_ grain: Int, _ body: (FieldBatch) throws -> Void) throws -> Void

    /// Computes this rank's grains of a step and adds all ranks' up.
    ///
    /// - Parameters:
    ///   - phase: its number among `vectors`.
    ///   - key: this step's; each grain folds its number in.
    ///   - wantsStop: whether this rank has been asked to stop.
    ///   - wantsSave: whether a checkpoint is due by this rank's clock.
    ///   - hasSamples: which grains, of all ranks, have samples; asked where grains meet.
    package func step(
        phase: Int, _ objective: any Objective, key: RandomKey, wantsStop: Bool = false, wantsSave: Bool = false,
        hasSamples: (_ grain: Int) -> Bool = { _ in true }, samples: @escaping SampleSource
    ) throws -> StepSums {
        let sums = sums[phase]
        sums.reducer.begin()
        let start = Clock.seconds
        let computed = Mutex(0.0)
        let flags: [Float] = [wantsStop ? 1 : 0, wantsSave ? 1 : 0]
        let meeting = sums.meets ? meeting : nil
        meeting?.place.begin(hasSamples: hasSamples)
        try onWorkers(of: meeting?.pool ?? pool) { [self] worker in
            try sums.reducer.computeGrains(addsFactors: worker < pool.count) { grain, vector, onProgress in
                (vector + sums.layout.flags.lowerBound).update(from: flags, count: flags.count)
                func computeGrain(_ seat: (any GrainMeeting)?) throws {
                    try samples(grain) { batch in
                        try compute(
                            sums, objective, batch, worker, grain, key.folding(grain), into: vector,
                            sums.reducer.factors(ofGrain: grain), seat, onProgress)
                    }
                }
                if let meeting { try meeting.place.attend(grain, computeGrain) } else { try computeGrain(nil) }
            }
            if worker == 0 { computed.withLock { $0 = Clock.seconds } }
        }
        Activity.beat()
        try TestFault.reach(.allReduce, step: Activity.step)
        let joined = Clock.seconds
        let arrivals = sums.defersWhole ? try sums.reducer.arrivals() : nil
        let sum = try Activity.waitingForRanks {
            try arrivals?.wait(for: sums.layout.gradients.upperBound..<sums.layout.count) ?? sums.reducer.finish()
        }
        let end = Clock.seconds
        let own = computed.withLock { $0 }
        let met = meeting?.place.waitSeconds ?? 0
        let reached = sum + sums.layout.flags.lowerBound
        var metrics = MetricSums(values: sums.layout.metrics.map { Double(sum[$0]) })
        if let noise = sums.noise {
            metrics = noise.completed(
                metrics, norm: try norm(of: sum, ParameterPieces(noise.groups), sums, weight: metrics.weight))
        }
        return StepSums(
            vector: sum, arrivals: arrivals, metrics: metrics,
            stopRequests: Int(reached[0]), saveRequests: Int(reached[1]), computeSeconds: own - start - met,
            waitSeconds: joined - own + met + sums.reducer.waitSeconds,
            reduceSeconds: end - joined - sums.reducer.waitSeconds)
    }

    /// Runs `body` on all workers of a pool, in the replica's precision.
    func onWorkers(of pool: WorkerPool, _ body: @escaping @Sendable (_ worker: Int) throws -> Void) throws {
        try pool.run { [precision] worker in try precision.use { try body(worker) } }
    }

    /// One grain, forward and backward; one without samples contributes zeros, one without a loss no gradient.
    private func compute(
        _ sums: PhaseSums, _ objective: any Objective, _ batch: FieldBatch, _ worker: Int, _ grain: Int,
        _ key: RandomKey, into vector: UnsafeMutablePointer<Float>, _ factors: GradientFactors?,
        _ meeting: (any GrainMeeting)?, _ onProgress: @escaping (Int) -> Void
    ) throws {
        let layout = sums.layout
        let tape = tapes[worker]
        let context = GrainContext(batch, on: tape, mode: .training(key), key: key, grain: grain)
        guard batch.count > 0 else {
            try settle()
            layout.clear(vector)
            tape.begin(gradients: vector, layout: layout, factors: factors)
            objective.keepState(context)
            return
        }
        tape.begin(
            gradients: vector, layout: layout,
            carried: batch.lanes.map { CarriedLanes(lanes: $0, isStartOfSequence: batch.isStartOfSequence) },
            factors: factors, meeting: meeting,
            // What has been reported may be added to; the variance needs the grain's own gradient, as a whole.
            onProgress: sums.noise == nil ? onProgress : { _ in })
        let result = objective(context)
        let values = MetricSums(samples: batch.count, weight: result.weight, own: result.sums).values
        for (place, value) in zip(layout.metrics, values) { vector[place] = Float(value) }
        try settle()  // the vector's memory may hold sums of the previous step until then
        // Nothing depends on a constant, so that backward from it leaves zeros.
        tape.backward(from: result.loss ?? tape.constant(Tensor([0], [], pool: tape.pool)))
        sums.noise?.measure(vector, layout, factors, weight: result.weight)
        TestFault.poison(
            vector + layout.metrics.lowerBound + MetricSums.lossSlot, .allReduce, step: Activity.step)
    }

    /// How often the workers' pools and the reducers took memory from the system; constant in the steady state.
    package var systemAllocations: Int {
        sums.reduce(0) { $0 + $1.reducer.allocatedBuffers }
            + tapes.reduce(0) { $0 + $1.pool.statistics.systemAllocations }
    }
}
