import Autograd
import Checkpointing
import Interchange
import Kernels
import NeuralNetwork
import Optimization

/// What changes in the course of a run and goes into a checkpoint: weights, running statistics and the optimiser's
/// slots.
///
/// The same on every rank after every step.
final class TrainingState {
    let model: Model
    let optimizer: Optimizer
    /// Weights and running statistics.
    let values: FlatBuffer
    let slots: [FlatBuffer]
    /// The state at the best validation, where the plateau rule goes back to; nil without rollback.
    private var best: (values: FlatBuffer, slots: [FlatBuffer])?

    init(model: Model, optimizer: Optimizer, keepsBest: Bool) {
        self.model = model
        self.optimizer = optimizer
        values = FlatBuffer(count: model.layout.count)
        slots = optimizer.rule.slots.map { _ in FlatBuffer(count: model.layout.count) }
        if keepsBest { best = (FlatBuffer(count: model.layout.count), slots.map { FlatBuffer(count: $0.count) }) }
    }

    /// Bytes of a checkpoint's tensors.
    var byteCount: Int { 4 * (values.count + slots.reduce(0) { $0 + $1.count }) }

    /// The first values, a function of the seed.
    func initialize(key: RandomKey, learningRate: Double) {
        model.layout.initialize(values, key: key)
        optimizer.initialize(slots: slots.map(\.pointer), learningRate: learningRate)
    }

    /// One update of a range of the flat memory from a step's summed gradients.
    func update(
        _ range: Range<Int>, gradients: UnsafePointer<Float>, samples: Double, norm: Double?, learningRate: Double,
        step: Int
    ) {
        let scale = 1 / samples
        optimizer.step(
            range, parameters: values.pointer, gradients: gradients, slots: slots.map(\.pointer),
            learningRate: learningRate,
            gradientScale: norm.map { optimizer.clipping.scale(scale, norm: $0) } ?? scale, stepNumber: step + 1)
    }

    // MARK: - The best state

    /// Whether the state of the best validation is kept, to go back to.
    var keepsBest: Bool { best != nil }

    func rememberBest() {
        best?.values.copy(from: values)
        for (index, slot) in slots.enumerated() { best?.slots[index].copy(from: slot) }
    }

    func goBackToBest() {
        guard let best else { return }
        values.copy(from: best.values)
        for (index, slot) in slots.enumerated() { slot.copy(from: best.slots[index]) }
    }

    // MARK: - Checkpoints

    /// A copy of everything, to be written in the background.
    func checkpoint(
        step: Int, best: Checkpoint.BestMetric?, configFingerprint: String, state: CheckpointState
    ) throws -> Checkpoint {
        try checkpoint(values, slots, step: step, best: best, configFingerprint: configFingerprint, state: state)
    }

    /// The checkpoint of the best state, as it was made at its time; nil without rollback.
    func bestCheckpoint(_ metric: Checkpoint.BestMetric, configFingerprint: String, state: CheckpointState) throws
        -> Checkpoint?
    {
        guard let best else { return nil }
        return try checkpoint(
            best.values, best.slots, step: metric.step, best: metric, configFingerprint: configFingerprint, state: state
        )
    }

    private func checkpoint(
        _ values: FlatBuffer, _ slots: [FlatBuffer], step: Int, best: Checkpoint.BestMetric?, configFingerprint: String,
        state: CheckpointState
    ) throws -> Checkpoint {
        let (weights, buffers) = ModelWeights.sources(model, values)
        var tensors: [Checkpoint.Group: [TensorSource]] = [.weights: weights, .buffers: buffers]
        for (slot, memory) in zip(optimizer.rule.slots, slots) {
            tensors[.optimizer(slot: slot.name)] = model.layout.parameters.filter(\.isTrainable).map { parameter in
                let source = memory.pointer + model.layout.offsets[parameter.index]
                return TensorSource(name: parameter.name, shape: parameter.shape.dimensions) { target in
                    if let start = target.baseAddress { start.update(from: source, count: target.count) }
                }
            }
        }
        return try Checkpoint(
            step: step, tensors: tensors, best: best, configFingerprint: configFingerprint, state: state)
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
        try ModelWeights.load(checkpoint, model, into: values)
        for (slot, memory) in zip(optimizer.rule.slots, slots) {
            for parameter in model.layout.parameters where parameter.isTrainable {
                let target = memory.pointer + model.layout.offsets[parameter.index]
                try checkpoint.copyFloats(
                    of: parameter.name, in: .optimizer(slot: slot.name),
                    into: UnsafeMutableBufferPointer(start: target, count: parameter.shape.count))
            }
        }
    }

    /// Rank 0's values on every rank.
    func share(_ ranks: Ranks) throws {
        for buffer in [values] + slots + (best.map { [$0.values] + $0.slots } ?? []) {
            try ranks.broadcast(UnsafeMutableBufferPointer(start: buffer.pointer, count: buffer.count))
        }
    }
}
