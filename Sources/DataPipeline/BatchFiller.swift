import Kernels
import TensorCore

/// Fills batches: reads raw samples, augments and preprocesses them, pads what varies, mixes them. A pure function of
/// (step, grain).
struct BatchFiller: Sendable {
    private let batchSource: BatchSource
    private let dataset: any Dataset
    /// The data set that holds the samples.
    private let source: any Dataset
    private static let lookahead = 4

    init(_ batchSource: BatchSource) {
        self.batchSource = batchSource
        dataset = batchSource.dataset
        source = batchSource.dataset.source
    }

    /// Fills `batch` with the samples of `grain` of `step`; allocates nothing.
    func fill(_ batch: Batch, step: Int, grain: Int) throws {
        let samples = batchSource.plan.samples(step: step, grain: grain)
        let epochKey = batchSource.augmentationKey.folding(samples.epoch)
        batch.step = step
        batch.grain = grain
        batch.count = samples.count
        batch.lanes = samples.lanes
        batch.isStartOfSequence = samples.isStartOfSequence
        batch.sampleIDs.removeAll(keepingCapacity: true)
        batch.sourceIndices.removeAll(keepingCapacity: true)
        for position in 0..<samples.count { batch.sourceIndices.append(dataset.sourceIndex(of: samples[position])) }
        for filling in batchSource.fillings where filling.field.variableAxis != nil { measure(filling, batch) }
        // Samples are anywhere in memory: the first few are fetched side by side, the others while these are filled in.
        for index in batch.sourceIndices.prefix(BatchFiller.lookahead) { source.prefetch(index) }
        var position = 0
        for place in 0..<samples.count {
            if place + BatchFiller.lookahead < samples.count {
                source.prefetch(batch.sourceIndices[position + BatchFiller.lookahead])
            }
            do {
                try fill(batch, position, epochKey, epoch: samples.epoch, copy: samples.copy(place))
                position += 1
            } catch is DamagedSample {
                leaveOut(position, of: batch)
            }
        }
        batch.count = position
        batchSource.mixing?(batch)
    }

    /// Fills in all fields of one sample, of which the epoch has had so many copies.
    private func fill(_ batch: Batch, _ position: Int, _ epochKey: RandomKey, epoch: Int, copy: Int) throws {
        let id = source.sampleID(of: batch.sourceIndices[position])
        let key = copy == 0 ? epochKey.folding(id) : epochKey.folding(id).folding(copy)
        for filling in batchSource.fillings {
            switch filling.field.elementType {
            case .float32: try fillFloats(filling, batch, position, key, id, epoch: epoch)
            case .int32: try fillIntegers(filling, batch, position)
            }
        }
        batch.sampleIDs.append(id)
    }

    /// The samples behind one that can't be read move up: the grain is a sample shorter wherever it is computed.
    private func leaveOut(_ position: Int, of batch: Batch) {
        precondition(
            batchSource.fillings.allSatisfy { $0.field.variableAxis == nil },
            "\(source.name): a sample of varying length was left out")
        batch.sourceIndices.remove(at: position)
    }

    /// Writes the samples' lengths into the field behind a varying one, whose extent in this batch is the largest.
    private func measure(_ filling: FieldFilling, _ batch: Batch) {
        var longest = 0
        for (position, index) in batch.sourceIndices.enumerated() {
            let length = source.length(of: index, field: filling.index)
            precondition(
                length >= 0 && length <= filling.field.shape[0],
                "\(source.name): sample \(index) has \(length) of at most \(filling.field.shape[0]) "
                    + "\(filling.field.name)"
            )
            batch.integers(slot: filling.slot + 1, position: position)[0] = Int32(length)
            longest = max(longest, length)
        }
        batch.setVariableExtent(longest, slot: filling.slot)
    }

    /// The part of a sample's room that its own length fills; the rest is padding.
    private func occupied(_ filling: FieldFilling, _ batch: Batch, _ position: Int, of count: Int) -> Int {
        guard filling.field.variableAxis != nil, filling.field.shape[0] > 0 else { return count }
        let length = Int(batch.integers(slot: filling.slot + 1, position: position)[0])
        return length * (filling.field.shape.count / filling.field.shape[0])
    }

    private func fillIntegers(_ filling: FieldFilling, _ batch: Batch, _ position: Int) throws {
        let room = batch.integers(slot: filling.slot, position: position)
        let end = occupied(filling, batch, position, of: room.count)
        try source.readIntegers(
            batch.sourceIndices[position], field: filling.index,
            into: UnsafeMutableBufferPointer(rebasing: room[..<end]))
        room[end...].update(repeating: 0)
    }

    private func fillFloats(
        _ filling: FieldFilling, _ batch: Batch, _ position: Int, _ key: RandomKey, _ id: Int, epoch: Int
    ) throws {
        let all = batch.floats(slot: filling.slot, position: position)
        let end = occupied(filling, batch, position, of: all.count)
        let room = UnsafeMutableBufferPointer(rebasing: all[..<end])
        all[end...].update(repeating: 0)
        var raw = room
        if !filling.transforms.isEmpty { raw = batch.workspace(0, count: room.count) }
        if let transforms = filling.sourceTransforms {
            try source.read(
                batch.sourceIndices[position], field: filling.index, changing: transforms.change(key: key), into: raw)
        } else {
            try source.read(batch.sourceIndices[position], field: filling.index, into: raw)
        }
        if !filling.fill.isEmpty { FieldPreprocessing.fill(raw, with: filling.fill) }
        if !filling.transforms.isEmpty { raw = augment(filling, batch, raw, key: key, epoch: epoch, id: id) }
        guard let from = raw.baseAddress, let to = room.baseAddress else { return }
        if !filling.scale.isEmpty {
            scaleAndShift(
                from, to: to, count: room.count, channels: filling.field.channels, scale: filling.scale,
                shift: filling.shift)
        } else if from != to {
            to.update(from: from, count: room.count)
        }
    }

    /// Applies the field's augmentations to the sample in workspace 0 and returns the workspace that holds the result.
    private func augment(
        _ filling: FieldFilling, _ batch: Batch, _ raw: UnsafeMutableBufferPointer<Float>, key: RandomKey,
        epoch: Int, id: Int
    ) -> UnsafeMutableBufferPointer<Float> {
        var (current, other) = (raw, batch.workspace(1, count: raw.count))
        var shape = filling.field.shape
        if filling.field.variableAxis != nil { shape[0] = raw.count / max(shape.count / max(shape[0], 1), 1) }
        for (place, transform) in filling.transforms {
            let source = UnsafeBufferPointer(current)
            let isChanged =
                if let transform = transform as? any EpochwiseTransform {
                    transform.apply(
                        source, to: other, shape: shape, background: filling.background,
                        sampleKey: batchSource.augmentationKey.folding(place).folding(id), epoch: epoch)
                } else {
                    transform.apply(
                        source, to: other, shape: shape, background: filling.background, key: key.folding(place))
                }
            if isChanged { swap(&current, &other) }
        }
        return current
    }
}
