import Autograd
import Checkpointing
import Interchange
import Kernels
import NeuralNetwork
import Optimization

/// What changes in the course of a run and goes into a checkpoint: weights, running statistics, the optimiser's slots
/// and, where a run has them, averages of the weights.
///
/// The same on every rank after every step.
final class TrainingState {
    let network: Network
    let phases: [TrainingPhase]
    /// Weights, running statistics and carried state, in the network's layout.
    let values: FlatBuffer
    /// The optimiser slots of all phases, in the compact coordinates of what each trains.
    let slots: [OptimizerSlot]
    /// The averages of the weights, in the network's layout; only weights have a meaning there. Nil without averaging.
    let averages: FlatBuffer?
    /// Of each phase, what its update measures first.
    private let squareSums: [UnsafeMutableBufferPointer<SquareSums>]
    private let averaging: WeightAverage?
    /// The state at the best validation, where the plateau rule goes back to; nil without rollback.
    private var best: Snapshot?

    /// The memory of a state at some time.
    private struct Snapshot {
        let values: FlatBuffer
        let slots: [FlatBuffer]
        let averages: FlatBuffer?

        var buffers: [FlatBuffer] { [values] + slots + (averages.map { [$0] } ?? []) }
    }

    private var present: Snapshot { Snapshot(values: values, slots: slots.map(\.memory), averages: averages) }

    /// A buffer of one phase's optimiser.
    struct OptimizerSlot {
        let phase: Int
        /// The slot's name in checkpoints.
        let name: String
        let memory: FlatBuffer
    }

    init(network: Network, phases: [TrainingPhase], averaging: WeightAverage? = nil, keepsBest: Bool) {
        self.network = network
        self.phases = phases
        self.averaging = averaging
        values = FlatBuffer(count: network.layout.count)
        squareSums = phases.map { phase in
            let sums = UnsafeMutableBufferPointer<SquareSums>.allocate(capacity: phase.optimizer.pieceCount)
            sums.initialize(repeating: SquareSums())
            return sums
        }
        slots = phases.enumerated().flatMap { index, phase in
            phase.optimizer.slots.map { slot in
                OptimizerSlot(
                    phase: index, name: phase.slotPrefix + slot.name,
                    memory: FlatBuffer(count: phase.trained.count))
            }
        }
        averages = averaging.map { _ in FlatBuffer(count: network.layout.count) }
        if keepsBest {
            best = Snapshot(
                values: FlatBuffer(count: values.count), slots: slots.map { FlatBuffer(count: $0.memory.count) },
                averages: averages.map { FlatBuffer(count: $0.count) })
        }
    }

    deinit { for sums in squareSums { sums.deallocate() } }

    /// The slots of a phase, in the order of its rule.
    private func memory(ofPhase phase: Int) -> [UnsafeMutablePointer<Float>] {
        slots.filter { $0.phase == phase }.map(\.memory.pointer)
    }

    /// Bytes of a checkpoint's tensors.
    var byteCount: Int { 4 * present.buffers.reduce(0) { $0 + $1.count } }

    /// The first values, a function of the seed.
    ///
    /// - Parameter learningRates: of each phase's first step.
    func initialize(key: RandomKey, learningRates: [Double]) {
        network.layout.initialize(values, key: key)
        for (index, phase) in phases.enumerated() {
            phase.optimizer.initialize(slots: memory(ofPhase: index), learningRate: learningRates[index])
        }
        beginAverages()
    }

    /// Averages begin as the present weights; called whenever training begins with others.
    func beginAverages() { averages?.copy(from: values) }

    /// Calls `body` while the averages stand in the place of the weights, for whoever evaluates or writes them; without
    /// averaging it changes nothing.
    ///
    /// Updates have been settled, and nothing trains meanwhile.
    func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
        exchangeAverages()
        defer { exchangeAverages() }
        return try body()
    }

    private func exchangeAverages() {
        guard let averages else { return }
        for parameter in network.layout.parameters where parameter.isTrainable {
            let start = network.layout.offsets[parameter.index]
            for place in start..<start + parameter.shape.count {
                swap(&values.pointer[place], &averages.pointer[place])
            }
        }
    }

    /// What a phase's optimiser remembers of the weights is those that the phase begins with; updates have been
    /// settled.
    func begin(phase index: Int) {
        let phase = phases[index]
        let memory = memory(ofPhase: index)
        for span in phase.trained.spans {
            phase.optimizer.begin(
                span.compact, parameters: values.pointer + span.arenaOffset - span.compact.lowerBound, slots: memory)
        }
    }

    /// Measures some pieces of what a phase trains, before its update by the same numbers.
    func measure(
        phase index: Int, _ pieces: Range<Int>, gradients: UnsafePointer<Float>, weight: Double, norm: Double?,
        learningRate: Double, ownStep: Int
    ) {
        let phase = phases[index]
        guard let sums = squareSums[index].baseAddress else { return }
        let memory = memory(ofPhase: index)
        for span in phase.trained.spans {
            let own = phase.optimizer.pieces(in: span.compact).clamped(to: pieces)
            if own.isEmpty { continue }
            phase.optimizer.measure(
                own, into: sums, parameters: values.pointer + span.arenaOffset - span.compact.lowerBound,
                gradients: gradients, slots: memory, learningRate: learningRate,
                gradientScale: meanScale(phase, weight: weight, norm: norm), stepNumber: ownStep + 1)
        }
    }

    /// What summed gradients are multiplied by to be a step's mean, shortened where its norm is too large.
    private func meanScale(_ phase: TrainingPhase, weight: Double, norm: Double?) -> Double {
        let scale = gradientScale(weight: weight)
        return norm.map { phase.optimizer.clipping.scale(scale, norm: $0) } ?? scale
    }

    /// One update of a range of a phase's compact coordinates from a step's summed gradients.
    ///
    /// - Parameters:
    ///   - weight: what the gradients are divided by.
    ///   - ownStep: the phase's own finished steps.
    func update(
        phase index: Int, _ range: Range<Int>, gradients: UnsafePointer<Float>, weight: Double, norm: Double?,
        learningRate: Double, ownStep: Int
    ) {
        let phase = phases[index]
        let memory = memory(ofPhase: index)
        for span in phase.trained.spans where span.compact.overlaps(range) {
            let part = range.clamped(to: span.compact)
            let toArena = span.arenaOffset - span.compact.lowerBound
            phase.optimizer.step(
                part, parameters: values.pointer + toArena, gradients: gradients,
                slots: memory, learningRate: learningRate,
                gradientScale: meanScale(phase, weight: weight, norm: norm), stepNumber: ownStep + 1,
                sums: UnsafePointer(squareSums[index].baseAddress))
            if let averaging, let averages {
                averaging.update(
                    part, averages: averages.pointer + toArena, parameters: values.pointer + toArena,
                    stepNumber: ownStep + 1)
            }
        }
    }

    // MARK: - The best state

    /// Whether the state of the best validation is kept, to go back to.
    var keepsBest: Bool { best != nil }

    func rememberBest() {
        guard let best else { return }
        for (copy, memory) in zip(best.buffers, present.buffers) { copy.copy(from: memory) }
    }

    func goBackToBest() {
        guard let best else { return }
        for (memory, copy) in zip(present.buffers, best.buffers) { memory.copy(from: copy) }
    }

    // MARK: - Checkpoints

    /// A copy of everything, to be written in the background.
    func checkpoint(
        step: Int, best: Checkpoint.BestMetric?, configFingerprint: String, state: CheckpointState
    ) throws -> Checkpoint {
        try checkpoint(present, step: step, best: best, configFingerprint: configFingerprint, state: state)
    }

    /// The checkpoint of the best state, as it was made at its time; nil without rollback.
    func bestCheckpoint(_ metric: Checkpoint.BestMetric, configFingerprint: String, state: CheckpointState) throws
        -> Checkpoint?
    {
        guard let best else { return nil }
        return try checkpoint(
            best, step: metric.step, best: metric, configFingerprint: configFingerprint, state: state)
    }

    private func checkpoint(
        _ snapshot: Snapshot, step: Int, best: Checkpoint.BestMetric?, configFingerprint: String,
        state: CheckpointState
    ) throws -> Checkpoint {
        let (weights, buffers) = ModelWeights.sources(network, snapshot.values)
        var tensors: [Checkpoint.Group: [TensorSource]] = [.weights: weights, .buffers: buffers]
        if let averages = snapshot.averages {
            tensors[.averages] = averaged.map { parameter, offset in
                source(parameter, averages.pointer + offset)
            }
        }
        for (slot, memory) in zip(slots, snapshot.slots) {
            tensors[.optimizer(slot: slot.name)] = trained(slot).map { parameter, offset in
                source(parameter, memory.pointer + offset)
            }
        }
        return try Checkpoint(
            step: step, tensors: tensors, best: best, configFingerprint: configFingerprint, state: state)
    }

    /// A parameter's floats as they lie in memory.
    private func source(_ parameter: Parameter, _ memory: UnsafePointer<Float>) -> TensorSource {
        TensorSource(name: parameter.name, shape: parameter.shape.dimensions) { target in
            if let start = target.baseAddress { start.update(from: memory, count: target.count) }
        }
    }

    /// The parameters that have averages, with their places in them.
    var averaged: [(parameter: Parameter, offset: Int)] {
        network.layout.parameters.filter(\.isTrainable).map { ($0, network.layout.offsets[$0.index]) }
    }

    /// Takes a checkpoint's values over, and its best state's where that is another.
    ///
    /// - Throws: `CheckpointError` when it is not this model's.
    func restore(_ checkpoint: Checkpoint, best bestCheckpoint: Checkpoint?) throws {
        if best != nil, let bestCheckpoint {
            try load(bestCheckpoint)
            rememberBest()
        }
        try load(checkpoint)
    }

    private func load(_ checkpoint: Checkpoint) throws {
        func load(_ parameter: Parameter, _ group: Checkpoint.Group, into target: UnsafeMutablePointer<Float>) throws {
            try checkpoint.copyFloats(
                of: parameter.name, in: group,
                into: UnsafeMutableBufferPointer(start: target, count: parameter.shape.count))
        }
        try ModelWeights.load(checkpoint, network, into: values)
        if let averages {
            for (parameter, offset) in averaged { try load(parameter, .averages, into: averages.pointer + offset) }
        }
        for slot in slots {
            for (parameter, offset) in trained(slot) {
                try load(parameter, .optimizer(slot: slot.name), into: slot.memory.pointer + offset)
            }
        }
    }

    /// The weights that a slot belongs to, in order of use, with their places in it.
    func trained(_ slot: OptimizerSlot) -> [(parameter: Parameter, offset: Int)] {
        let layout = phases[slot.phase].trained
        return network.layout.parameters.compactMap { parameter in
            layout.offset(of: parameter.index).map { (parameter, $0) }
        }
    }

    /// Rank 0's values on every rank.
    func share(_ ranks: Ranks) throws {
        for buffer in present.buffers + (best?.buffers ?? []) {
            try ranks.broadcast(UnsafeMutableBufferPointer(start: buffer.pointer, count: buffer.count))
        }
    }
}
