import Autograd
import DataParallel
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
    private(set) var best: Snapshot?
    /// Of each phase whose update ranks share, which parts of its slots each rank has.
    private(set) var owned: [OwnedGradients?]
    private(set) var rank = 0
    /// Whether this rank has all ranks' parts of the slots as well, until the next update.
    var isGathered = false

    /// The memory of a state at some time.
    struct Snapshot {
        let values: FlatBuffer
        let slots: [FlatBuffer]
        let averages: FlatBuffer?

        var buffers: [FlatBuffer] { [values] + slots + (averages.map { [$0] } ?? []) }
    }

    /// The present state, then the best one where it is kept.
    var snapshots: [Snapshot] { [present] + (best.map { [$0] } ?? []) }

    var present: Snapshot { Snapshot(values: values, slots: slots.map(\.memory), averages: averages) }

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
        owned = phases.map { _ in nil }
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

    /// Says which parts of its slots each rank has; before ``initialize(key:learningRates:)``.
    func share(_ owned: [OwnedGradients?], rank: Int) {
        self.owned = owned
        self.rank = rank
        for (index, slot) in slots.enumerated() where owned[slot.phase] != nil {
            for snapshot in snapshots { snapshot.slots[index].keepsParts() }
        }
    }

    /// Whether ranks share the update of some phase, so that none has all slots.
    var isShared: Bool { owned.contains { $0 != nil } }

    /// The parts of a phase's slots that this rank has.
    private func kept(phase: Int) -> [Range<Int>] {
        owned[phase]?.ranges[rank] ?? [0..<phases[phase].trained.count]
    }

    /// The first values, a function of the seed.
    ///
    /// - Parameter learningRates: of each phase's first step.
    func initialize(key: RandomKey, learningRates: [Double]) {
        network.layout.initialize(values, key: key)
        for (index, phase) in phases.enumerated() {
            phase.optimizer.initialize(
                slots: memory(ofPhase: index), learningRate: learningRates[index], ranges: kept(phase: index))
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
            for kept in kept(phase: index) where kept.overlaps(span.compact) {
                phase.optimizer.begin(
                    kept.clamped(to: span.compact),
                    parameters: values.pointer + span.arenaOffset - span.compact.lowerBound, slots: memory)
            }
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
        for (part, toArena) in runs(phase: index, range) {
            phase.optimizer.step(
                part, parameters: values.pointer + toArena, gradients: gradients,
                slots: memory, learningRate: learningRate,
                gradientScale: meanScale(phase, weight: weight, norm: norm), stepNumber: ownStep + 1,
                sums: UnsafePointer(squareSums[index].baseAddress))
            average(part, toArena: toArena, ownStep: ownStep)
        }
    }

    /// What an update of a phase measures first.
    func measured(phase index: Int) -> UnsafeMutableBufferPointer<SquareSums> { squareSums[index] }

    /// Writes the weights in a range of a phase's compact coordinates to their places in a grain's vector.
    func publish(phase index: Int, _ range: Range<Int>, into vector: UnsafeMutablePointer<Float>) {
        for (part, toArena) in runs(phase: index, range) {
            (vector + part.lowerBound).update(from: values.pointer + part.lowerBound + toArena, count: part.count)
        }
    }

    /// Takes the new weights of a range, which another rank has computed, and averages them.
    func adopt(phase index: Int, _ range: Range<Int>, from vector: UnsafePointer<Float>, ownStep: Int) {
        for (part, toArena) in runs(phase: index, range) {
            (values.pointer + part.lowerBound + toArena).update(from: vector + part.lowerBound, count: part.count)
            average(part, toArena: toArena, ownStep: ownStep)
        }
    }

    /// A range of a phase's compact coordinates in parts that lie together in the arena, with the way there.
    private func runs(phase index: Int, _ range: Range<Int>) -> [(part: Range<Int>, toArena: Int)] {
        phases[index].trained.spans.filter { $0.compact.overlaps(range) }.map { span in
            (range.clamped(to: span.compact), span.arenaOffset - span.compact.lowerBound)
        }
    }

    private func average(_ part: Range<Int>, toArena: Int, ownStep: Int) {
        guard let averaging, let averages else { return }
        averaging.update(
            part, averages: averages.pointer + toArena, parameters: values.pointer + toArena, stepNumber: ownStep + 1)
    }

    // MARK: - The best state

    /// Whether the state of the best validation is kept, to go back to.
    var keepsBest: Bool { best != nil }

    /// - Parameter isWhole: whether the present state has all ranks' parts of the slots.
    func rememberBest(isWhole: Bool = false) {
        if let best { copy(present, to: best, isWhole: isWhole) }
    }

    func goBackToBest() {
        if let best { copy(best, to: present) }
    }

    /// Copies what this rank keeps, or everything.
    private func copy(_ source: Snapshot, to target: Snapshot, isWhole: Bool = false) {
        target.values.copy(from: source.values)
        if let averages = source.averages { target.averages?.copy(from: averages) }
        for (index, slot) in slots.enumerated() {
            for range in isWhole ? [0..<slot.memory.count] : kept(phase: slot.phase) {
                (target.slots[index].pointer + range.lowerBound).update(
                    from: source.slots[index].pointer + range.lowerBound, count: range.count)
            }
        }
    }
}
