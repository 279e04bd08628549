import Autograd

/// The memory of a rank's grain vectors: a place of its own for each root's first grain, where the root's sum ends up,
/// and spare buffers for the other grains, each in use from the grain's start until its vector has been added
/// elsewhere.
///
/// Grains are taken in ascending order. So what is done and waits for its sibling is complete subtrees; with one worker
/// at most ⌊log₂ n⌋ of a root's n grains need spare buffers at once. Each further worker has one more, and one more
/// lets workers run ahead of a slow grain; beyond that they wait, which bounds the memory whatever the grains'
/// durations are.
struct GrainBuffers {
    /// Where each root's sum ends up.
    let rootMemory: [UnsafeMutablePointer<Float>]
    /// How many buffers have been allocated.
    private(set) var allocated: Int
    private let count: Int
    private let grains: Range<Int>
    private let rootOwners: [FlatBuffer]
    private let largestRoot: Int
    private var spare: [FlatBuffer] = []
    private var spareOwners: [FlatBuffer?]
    private var memory: [UnsafeMutablePointer<Float>?]

    /// - Parameters:
    ///   - grains: the rank's.
    ///   - roots: the grains of each of its roots, which together are `grains`.
    ///   - count: floats of a vector.
    ///   - memoryForRoot: given memory for a root's sum, or nil.
    init(grains: Range<Int>, roots: [Range<Int>], count: Int, memoryForRoot: (Int) -> UnsafeMutablePointer<Float>?) {
        self.grains = grains
        self.count = count
        largestRoot = roots.map(\.count).max() ?? 1
        var owners: [FlatBuffer] = []
        rootMemory = roots.indices.map { index in
            if let given = memoryForRoot(index) { return given }
            let owner = FlatBuffer(count: count)
            owners.append(owner)
            return owner.pointer
        }
        rootOwners = owners
        allocated = owners.count
        spareOwners = Array(repeating: nil, count: grains.count)
        memory = Array(repeating: nil, count: grains.count)
        for (root, pointer) in zip(roots, rootMemory) { memory[root.lowerBound - grains.lowerBound] = pointer }
    }

    /// Makes sure that there are buffers enough for this many workers.
    mutating func reserve(workers: Int) {
        let waiting = largestRoot.bitWidth - 1 - largestRoot.leadingZeroBitCount
        let needed = workers == 1 ? waiting : waiting + workers
        let limit = rootOwners.count + min(needed, grains.count - rootMemory.count)
        while allocated < limit {
            spare.append(FlatBuffer(count: count))
            allocated += 1
        }
    }

    /// Takes back all spare buffers.
    mutating func reset() {
        for index in spareOwners.indices where spareOwners[index] != nil { release(grains.lowerBound + index) }
    }

    /// The memory of a grain that begins; nil while none is free.
    mutating func acquire(_ grain: Int) -> UnsafeMutablePointer<Float>? {
        let index = grain - grains.lowerBound
        if let given = memory[index] { return given }
        guard let buffer = spare.popLast() else { return nil }
        spareOwners[index] = buffer
        memory[index] = buffer.pointer
        return buffer.pointer
    }

    /// The memory of a grain that has begun and whose vector has not been added elsewhere.
    subscript(grain: Int) -> UnsafeMutablePointer<Float> {
        guard let pointer = memory[grain - grains.lowerBound] else {
            preconditionFailure("GrainBuffers: grain \(grain) has no buffer")
        }
        return pointer
    }

    /// Takes back the buffer of a grain whose vector has been added elsewhere.
    mutating func release(_ grain: Int) {
        let index = grain - grains.lowerBound
        guard let owner = spareOwners[index] else {
            preconditionFailure("GrainBuffers: grain \(grain) has no spare buffer")
        }
        spare.append(owner)
        spareOwners[index] = nil
        memory[index] = nil
    }
}
