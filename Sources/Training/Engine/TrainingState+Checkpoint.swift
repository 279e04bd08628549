import Autograd
import Checkpointing
import Interchange

/// How a state gets into a checkpoint and out of it.
extension TrainingState {
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
            rememberBest(isWhole: true)
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
}
