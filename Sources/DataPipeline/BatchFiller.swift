import Kernels
import TensorCore

/// Fills batches: reads raw samples, augments them, applies the channel transform. A pure function of (step, grain).
struct BatchFiller: Sendable {
    private let dataset: any Dataset
    private let source: any Dataset
    let plan: any GrainPlan
    private let sampleShape: Shape
    private let background: Float
    private let hasTargetValues: Bool
    private let transforms: [any SampleTransform]
    private let augmentationKey: RandomKey
    private let channels: Int
    private static let lookahead = 4
    /// The channels' factors sixteen times over, as `scaleAndShift` wants them.
    private let scale: [Float]
    private let shift: [Float]

    init(
        dataset: any Dataset, plan: any GrainPlan, preprocessing: ChannelTransform, augmentations: [Augmentation],
        key: RandomKey
    ) {
        let shape = dataset.sampleShape
        precondition(
            preprocessing.scale.count == shape[-1],
            "BatchFiller: preprocessing of \(preprocessing.scale.count) channels for samples \(shape)")
        self.dataset = dataset
        source = dataset.source
        self.plan = plan
        sampleShape = shape
        background = dataset.background
        hasTargetValues = dataset.target.valueCount > 0
        transforms = augmentations.map(\.transform)
        augmentationKey = key.folding(.augmentation)
        channels = shape[-1]
        scale = Array(repeatElement(preprocessing.scale, count: 16).joined())
        shift = Array(repeatElement(preprocessing.shift, count: 16).joined())
    }

    /// Fills `batch` with the samples of `grain` of `step`; allocates nothing.
    func fill(_ batch: Batch, step: Int, grain: Int) throws {
        let samples = plan.samples(step: step, grain: grain)
        let epochKey = augmentationKey.folding(samples.epoch)
        batch.step = step
        batch.grain = grain
        batch.count = samples.count
        batch.labels.removeAll(keepingCapacity: true)
        batch.sampleIDs.removeAll(keepingCapacity: true)
        batch.sourceIndices.removeAll(keepingCapacity: true)
        for position in 0..<samples.count { batch.sourceIndices.append(dataset.sourceIndex(of: samples[position])) }
        // Samples are anywhere in memory: the first few are fetched side by side, the others while these are filled in.
        for index in batch.sourceIndices.prefix(BatchFiller.lookahead) { source.prefetch(index) }
        for (position, index) in batch.sourceIndices.enumerated() {
            if position + BatchFiller.lookahead < samples.count {
                source.prefetch(batch.sourceIndices[position + BatchFiller.lookahead])
            }
            let id = source.sampleID(of: index)
            batch.labels.append(source.label(of: index))
            batch.sampleIDs.append(id)
            if hasTargetValues { try source.readTarget(index, into: batch.target(position)) }
            if transforms.isEmpty {
                try source.read(index, into: batch.input(position))
                applyChannelTransform(batch.input(position), to: batch.input(position))
            } else {
                try source.read(index, into: batch.workspace(0))
                let augmented = augment(batch, key: epochKey.folding(id))
                applyChannelTransform(augmented, to: batch.input(position))
            }
        }
    }

    /// Applies all augmentations to the sample in workspace 0 and returns the workspace that holds the result.
    private func augment(_ batch: Batch, key: RandomKey) -> UnsafeMutableBufferPointer<Float> {
        var current = 0
        for (number, transform) in transforms.enumerated() {
            let isChanged = transform.apply(
                UnsafeBufferPointer(batch.workspace(current)), to: batch.workspace(1 - current), shape: sampleShape,
                background: background, key: key.folding(number))
            if isChanged { current = 1 - current }
        }
        return batch.workspace(current)
    }

    private func applyChannelTransform(
        _ source: UnsafeMutableBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>
    ) {
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        scaleAndShift(from, to: to, count: source.count, channels: channels, scale: scale, shift: shift)
    }
}
