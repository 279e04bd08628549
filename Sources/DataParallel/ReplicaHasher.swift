import Autograd
import Kernels
import Synchronization

/// A tensor that every rank holds a copy of.
package struct ReplicaTensor: Sendable {
    /// The parameter's name.
    package let name: String
    /// What of the parameter it holds: `weight`, `statistic` or the name of an optimiser's slot, as `momentum`.
    package let kind: String
    let memory: FlatBuffer
    let range: Range<Int>

    /// The floats `range` of `memory`.
    package init(name: String, kind: String, memory: FlatBuffer, range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= memory.count,
            "ReplicaTensor: \(range) of \(memory.count) floats")
        self.name = name
        self.kind = kind
        self.memory = memory
        self.range = range
    }

    /// Changes one bit of its memory, as a fault would; without effect beyond the end.
    package func flip(bit: Int) {
        guard bit >= 0, bit / 32 < range.count else { return }
        let place = memory.pointer + range.lowerBound + bit / 32
        place.pointee = Float(bitPattern: place.pointee.bitPattern ^ 1 << (bit % 32))
    }

    /// The hash of a part of its memory.
    func hash(_ part: Range<Int>) -> UInt64 {
        memoryHash(memory.pointer + part.lowerBound, byteCount: part.count * MemoryLayout<Float>.stride)
    }
}

/// Hashes the tensors of a replica in place, on all workers; the hashes depend on the bits alone, not on the number of
/// workers.
///
/// A running average forgets: after n steps a difference is 0.9ⁿ of what it was, and rounding ends it. So such tensors,
/// which are small, are hashed after every step, and a hash of all these hashes is what ranks compare.
///
/// `@unchecked Sendable`: during ``changing(_:_:)`` threads write the results of disjoint pieces; everything else is
/// the main thread's.
package final class ReplicaHasher: @unchecked Sendable {
    /// What a tensor has of a block of memory; it is hashed by itself, by whatever worker.
    private struct Piece {
        let tensor: Int
        /// Of the tensor's memory.
        let range: Range<Int>
        var block: Int { range.lowerBound / ReplicaHasher.blockCount }
    }

    /// Floats of a block, 16 KiB; blocks begin at multiples of it, where workers' shares of an update do.
    static let blockCount = 1 << 12
    /// Blocks that are changed before they are hashed: weights, gradients and a slot or two stay in the second-level
    /// cache.
    private static let strideBlocks = 4
    /// Pieces that a worker takes at a time.
    private static let batchCount = 16

    package let tensors: [ReplicaTensor]
    /// Indices of the tensors whose every state counts.
    private let followed: [Int]
    private var histories: [UInt64]
    /// By block, then in the tensors' order.
    private let pieces: [Piece]
    /// The first piece of each block, and the number of pieces.
    private let firstPieces: [Int]
    private let results: UnsafeMutableBufferPointer<UInt64>
    /// Whether a piece's result is of the present state.
    private let isFresh: UnsafeMutableBufferPointer<Bool>

    /// - Parameter follows: whether a tensor's states after all steps count, rather than the present one.
    package init(_ tensors: [ReplicaTensor], follows: (ReplicaTensor) -> Bool) {
        self.tensors = tensors
        followed = tensors.indices.filter { follows(tensors[$0]) }
        histories = Array(repeating: 0, count: tensors.count)
        pieces = tensors.indices.flatMap { index in
            ReplicaHasher.cut(tensors[index].range).map { Piece(tensor: index, range: $0) }
        }
        .sorted { ($0.block, $0.tensor) < ($1.block, $1.tensor) }
        var firstPieces: [Int] = []
        for (index, piece) in pieces.enumerated() {
            while firstPieces.count <= piece.block { firstPieces.append(index) }
        }
        self.firstPieces = firstPieces + [pieces.count]
        results = .allocate(capacity: pieces.count)
        results.initialize(repeating: 0)
        isFresh = .allocate(capacity: pieces.count)
        isFresh.initialize(repeating: false)
    }

    deinit {
        results.deallocate()
        isFresh.deallocate()
    }

    /// The parts of a range that lie in different blocks.
    private static func cut(_ range: Range<Int>) -> [Range<Int>] {
        if range.isEmpty { return [] }
        return (range.lowerBound / blockCount...(range.upperBound - 1) / blockCount).map {
            range.clamped(to: $0 * blockCount..<($0 + 1) * blockCount)
        }
    }

    /// Takes the followed tensors' present state into their history; called after every step.
    package func follow() {
        for index in followed {
            histories[index] = combinedHash(histories[index], tensors[index].hash(tensors[index].range))
        }
    }

    /// Makes a change to a range of the memory, which ends at the ends of tensors or blocks, and hashes what it changes
    /// while the caches hold it: two to four times as fast as later. The next ``hashes(_:)`` takes these hashes.
    ///
    /// May be called for disjoint ranges by several threads; then nothing may change until ``hashes(_:)``.
    package func changing(_ range: Range<Int>, _ change: (Range<Int>) -> Void) {
        if range.isEmpty { return }
        let size = ReplicaHasher.strideBlocks * ReplicaHasher.blockCount
        for start in stride(from: range.lowerBound / size * size, to: range.upperBound, by: size) {
            let part = range.clamped(to: start..<start + size)
            change(part)
            let first = part.lowerBound / ReplicaHasher.blockCount,
                last = (part.upperBound - 1) / ReplicaHasher.blockCount
            for index in firstPieces[
                min(first, firstPieces.count - 1)]..<firstPieces[min(last + 1, firstPieces.count - 1)]
            {
                let piece = pieces[index].range
                if piece.lowerBound >= part.lowerBound && piece.upperBound <= part.upperBound { hashPiece(index) }
            }
        }
    }

    /// The tensors' hashes, in their order.
    package func hashes(_ pool: WorkerPool) throws -> [UInt64] {
        let stale = pieces.indices.filter { !isFresh[$0] }
        if stale.count <= ReplicaHasher.batchCount {
            for index in stale { hashPiece(index) }
        } else {
            let next = Atomic(0)
            try pool.run { [self] _ in
                while true {
                    let start = next.add(ReplicaHasher.batchCount, ordering: .relaxed).oldValue
                    if start >= stale.count { return }
                    for index in stale[start..<min(start + ReplicaHasher.batchCount, stale.count)] { hashPiece(index) }
                }
            }
        }
        var hashes = histories
        for (index, piece) in pieces.enumerated() {
            hashes[piece.tensor] = combinedHash(hashes[piece.tensor], results[index])
        }
        isFresh.update(repeating: false)
        return hashes
    }

    private func hashPiece(_ index: Int) {
        results[index] = tensors[pieces[index].tensor].hash(pieces[index].range)
        isFresh[index] = true
    }

    /// One hash of all; if a single one changes, so does it.
    package static func folded(_ hashes: [UInt64]) -> UInt64 { hashes.reduce(0, combinedHash) }
}
