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
    /// The data set's stable numbers of the samples, n of them.
    package internal(set) var sampleIDs: [Int] = []
    /// See `FieldBatch`.
    package internal(set) var lanes: Range<Int>?
    package internal(set) var isStartOfSequence = false
    package internal(set) var mixture: SampleMixture?
    private let nodes: (any NodeSource)?

    /// Where the source holds the samples, while they are filled in.
    var sourceIndices: [Int] = []

    private var memory: [FieldMemory]
    /// The memory of each field, in the order of `memory`.
    private let blocks: [AlignedMemory]
    /// Two samples' room for augmentation.
    private let workspaces: [AlignedMemory]

    /// Room for `capacity` samples of `fields`.
    ///
    /// - Parameters:
    ///   - workspaceCount: the floats of the largest sample that is augmented or mixed.
    ///   - nodes: see `FieldBatch`.
    init(capacity: Int, fields: [FieldDescription], workspaceCount: Int, nodes: (any NodeSource)? = nil) {
        self.nodes = nodes
        blocks = fields.map { AlignedMemory(count: capacity * $0.shape.count) }
        workspaces = (0..<2).map { _ in AlignedMemory(count: workspaceCount) }
        memory = zip(fields, blocks).map { field, block in
            let elements: FieldMemory.Elements =
                switch field.elementType {
                case .float32: .floats(Storage(borrowing: block.floats, count: block.count, owner: block))
                case .int32: .integers(block.integers, capacity: block.count, owner: block)
                }
            return FieldMemory(field: field, elements: elements)
        }
        sampleIDs.reserveCapacity(capacity)
        sourceIndices.reserveCapacity(capacity)
    }

    /// The samples by field; 64-byte aligned, valid until the loader takes the batch back.
    package var fields: FieldBatch {
        FieldBatch(
            count: count, sampleIDs: sampleIDs, lanes: lanes, isStartOfSequence: isStartOfSequence, nodes: nodes,
            mixture: mixture, memory: memory)
    }

    /// Sets the extent of field `slot`'s varying axis, to which all samples are padded.
    func setVariableExtent(_ extent: Int, slot: Int) { memory[slot].variableExtent = extent }

    /// Where the floats of field `slot` of the sample at `position` go.
    func floats(slot: Int, position: Int) -> UnsafeMutableBufferPointer<Float> {
        let size = memory[slot].sampleShape.count
        return UnsafeMutableBufferPointer(start: blocks[slot].floats + position * size, count: size)
    }

    /// Where the integers of field `slot` of the sample at `position` go.
    func integers(slot: Int, position: Int) -> UnsafeMutableBufferPointer<Int32> {
        let size = memory[slot].sampleShape.count
        return UnsafeMutableBufferPointer(start: blocks[slot].integers + position * size, count: size)
    }

    /// The first `count` floats of one of two rooms for a raw sample.
    func workspace(_ index: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(count <= workspaces[index].count, "Batch: \(count) floats of \(workspaces[index].count)")
        return UnsafeMutableBufferPointer(start: workspaces[index].floats, count: count)
    }
}

/// Zeroed memory of 32-bit elements, either floats or integers, that begins on a cache line and lives as long as this
/// object.
private final class AlignedMemory {
    let count: Int
    private let base: UnsafeMutableRawPointer

    init(count: Int) {
        self.count = (max(count, 1) + 15) / 16 * 16
        base = .allocate(byteCount: 4 * self.count, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: 4 * self.count)
    }

    deinit { base.deallocate() }

    var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
    var integers: UnsafeMutablePointer<Int32> { base.assumingMemoryBound(to: Int32.self) }
}
