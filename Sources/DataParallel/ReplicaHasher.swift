import Autograd
import Kernels
import Synchronization

/// A tensor that every rank holds a copy of.
public struct ReplicaTensor: Sendable {
    /// The parameter's name.
    public let name: String
    /// What of the parameter it holds: `weight`, `statistic` or the name of an optimiser's slot, as `momentum`.
    public let kind: String
    let memory: FlatBuffer
    let range: Range<Int>

    /// The floats `range` of `memory`.
    public init(name: String, kind: String, memory: FlatBuffer, range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= memory.count, "ReplicaTensor: \(range) of \(memory.count) floats")
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

    /// The hash of some of its floats.
    func hash(_ part: Range<Int>) -> UInt64 {
        memoryHash(memory.pointer + range.lowerBound + part.lowerBound, byteCount: part.count * MemoryLayout<Float>.stride)
    }
}

/// Hashes the tensors of a replica in place, on all workers; the hashes depend on the bits alone, not on the number of workers.
///
/// A running average forgets: after n steps a difference is 0.9ⁿ of what it was, and rounding ends it. So such tensors, which are
/// small, are hashed after every step, and a hash of all these hashes is what ranks compare.
public final class ReplicaHasher {
    /// A worker's unit of work, 256 KiB.
    static let pieceCount = 1 << 16

    public let tensors: [ReplicaTensor]
    /// Indices of the tensors whose every state counts.
    private let followed: [Int]
    private var histories: [UInt64]
    private let pieces: [(tensor: Int, part: Range<Int>)]

    /// - Parameter follows: whether a tensor's states after all steps count, rather than the present one.
    public init(_ tensors: [ReplicaTensor], follows: (ReplicaTensor) -> Bool) {
        self.tensors = tensors
        followed = tensors.indices.filter { follows(tensors[$0]) }
        histories = Array(repeating: 0, count: tensors.count)
        pieces = tensors.enumerated().flatMap { index, tensor in
            stride(from: 0, to: tensor.range.count, by: ReplicaHasher.pieceCount).map {
                (tensor: index, part: $0..<min($0 + ReplicaHasher.pieceCount, tensor.range.count))
            }
        }
    }

    /// Takes the followed tensors' present state into their history; called after every step.
    public func follow() {
        for index in followed {
            histories[index] = combinedHash(histories[index], tensors[index].hash(0..<tensors[index].range.count))
        }
    }

    /// The tensors' hashes, in their order.
    public func hashes(_ pool: WorkerPool) throws -> [UInt64] {
        let next = Atomic(0)
        let results = Mutex(Array(repeating: UInt64(0), count: pieces.count))
        try pool.run { [pieces, tensors] _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                if index >= pieces.count { return }
                let hash = tensors[pieces[index].tensor].hash(pieces[index].part)
                results.withLock { $0[index] = hash }
            }
        }
        return results.withLock { results in
            var hashes = histories
            for (piece, hash) in zip(pieces, results) { hashes[piece.tensor] = combinedHash(hashes[piece.tensor], hash) }
            return hashes
        }
    }

    /// One hash of all; if a single one changes, so does it.
    public static func folded(_ hashes: [UInt64]) -> UInt64 { hashes.reduce(0, combinedHash) }
}
