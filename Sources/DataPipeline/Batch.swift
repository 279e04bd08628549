import TensorCore

/// The samples of one grain, ready for the model; its memory is reused from grain to grain.
// Unchecked: a loader hands a batch to one thread at a time.
package final class Batch: @unchecked Sendable {
    /// The step that it belongs to.
    package internal(set) var step = 0
    /// The grain of that step.
    package internal(set) var grain = 0
    /// The number of samples, n; 0 in a grain that a short batch leaves empty.
    package internal(set) var count = 0
    /// The classes of the samples, n of them; all 0 when the target is a vector.
    package internal(set) var labels: [Int32] = []
    /// The data set's stable numbers of the samples, n of them.
    package internal(set) var sampleIDs: [Int] = []

    /// Where the source holds the samples, while they are filled in.
    var sourceIndices: [Int] = []

    private let sampleShape: Shape
    private let targetShape: Shape
    private let inputStorage: Storage
    private let targetStorage: Storage
    private let memory: AlignedFloats
    /// Two samples' room for augmentation.
    private let workspaceOffset: Int

    /// Room for `capacity` samples.
    init(capacity: Int, sampleShape: Shape, target: TargetDescription) {
        let inputFloats = AlignedFloats.padded(capacity * sampleShape.count)
        let targetFloats = AlignedFloats.padded(capacity * target.valueCount)
        let sampleFloats = AlignedFloats.padded(sampleShape.count)
        memory = AlignedFloats(count: inputFloats + targetFloats + 2 * sampleFloats)
        self.sampleShape = sampleShape
        targetShape = [target.valueCount]
        inputStorage = Storage(borrowing: memory.pointer, count: inputFloats, owner: memory)
        targetStorage = Storage(borrowing: memory.pointer + inputFloats, count: targetFloats, owner: memory)
        workspaceOffset = inputFloats + targetFloats
        labels.reserveCapacity(capacity)
        sampleIDs.reserveCapacity(capacity)
        sourceIndices.reserveCapacity(capacity)
    }

    /// [n, H, W, C], 64-byte aligned; valid until the loader takes the batch back.
    package var inputs: Tensor { Tensor(storage: inputStorage, shape: sampleShape.batched(count)) }
    /// [n, V] target vectors; V is 0 when the target is a class.
    package var targets: Tensor { Tensor(storage: targetStorage, shape: targetShape.batched(count)) }

    /// Where the inputs of sample `index` go.
    func input(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: inputStorage.pointer + index * sampleShape.count, count: sampleShape.count)
    }

    /// Where the target vector of sample `index` goes.
    func target(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: targetStorage.pointer + index * targetShape.count, count: targetShape.count)
    }

    /// One of two rooms for a raw sample.
    func workspace(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        let start = memory.pointer + workspaceOffset + index * AlignedFloats.padded(sampleShape.count)
        return UnsafeMutableBufferPointer(start: start, count: sampleShape.count)
    }
}

/// Zeroed floats that begin on a cache line and live as long as this object.
private final class AlignedFloats {
    let pointer: UnsafeMutablePointer<Float>

    init(count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        pointer = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64).bindMemory(
            to: Float.self, capacity: count)
        pointer.initialize(repeating: 0, count: count)
    }

    deinit { pointer.deallocate() }

    /// `count` rounded up to whole cache lines of 16 floats.
    static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}
