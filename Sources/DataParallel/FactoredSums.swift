import Autograd
import Kernels

/// Computes the sums of gradients that a rank's grains have left as factors, block by block, in the tree's order.
///
/// A block is computed for one grain after another in memory that stays in the caches, and added as the tree says; only
/// the sum is written to where the root's vector is.
///
/// `@unchecked Sendable`: the factors of a grain belong to the worker that computes it, then to all who read them; the
/// reducer's lock lies between. Blocks are disjoint.
final class FactoredSums: @unchecked Sendable {
    /// A part of a weight's gradient.
    struct Block {
        /// Its place among the factored weights.
        let weight: Int
        let rows: Range<Int>
        let columns: Range<Int>
        /// From its first to its last float in the vector.
        let extent: Range<Int>
    }

    let weights: FactoredWeights
    /// Ascending by weight.
    let blocks: [Block]
    private let tree: SummationTree
    private let roots: [Int]
    private let grains: Range<Int>
    private let factors: [GradientFactors]
    private let depth: Int

    // 64 · 1024 floats are 256 KiB: a block and its addend lie in the second-level cache.
    private static let rows = 64
    private static let columns = 1024

    init(_ weights: FactoredWeights, _ assignment: GrainAssignment, rank: Int) {
        self.weights = weights
        tree = assignment.tree
        roots = assignment.roots(ofRank: rank)
        grains = assignment.grains(ofRank: rank)
        factors = weights.weights.isEmpty ? [] : grains.map { _ in GradientFactors(weights) }
        depth = roots.map { root in assignment.tree.grains(of: root).count.bitWidth }.max() ?? 0
        blocks = weights.weights.enumerated().flatMap { FactoredSums.blocks(of: $1, place: $0) }
    }

    private static func blocks(of weight: FactoredWeights.Weight, place: Int) -> [Block] {
        stride(from: 0, to: weight.outputs, by: rows).flatMap { row in
            stride(from: 0, to: weight.inputs, by: columns).map { column in
                let rows = row..<min(row + rows, weight.outputs)
                let columns = column..<min(column + columns, weight.inputs)
                let start = weight.range.lowerBound
                return Block(
                    weight: place, rows: rows, columns: columns,
                    extent: start + rows.lowerBound * weight.inputs + columns.lowerBound..<start
                        + (rows.upperBound - 1) * weight.inputs + columns.upperBound)
            }
        }
    }

    /// Where a grain of this rank leaves its factors; nil where there are no factored weights.
    func factors(ofGrain grain: Int) -> GradientFactors? {
        factors.isEmpty ? nil : factors[grain - grains.lowerBound]
    }

    /// Memory for one worker's intermediate sums.
    func makeScratch() -> FlatBuffer { FlatBuffer(count: depth * FactoredSums.rows * FactoredSums.columns) }

    /// Writes a block of all of this rank's partial sums.
    ///
    /// - Parameters:
    ///   - vectors: the roots', in order.
    ///   - scratch: of ``makeScratch()``, the caller's alone.
    func compute(_ block: Block, into vectors: [UnsafeMutablePointer<Float>], scratch: FlatBuffer) {
        let inputs = weights.weights[block.weight].inputs
        for (root, vector) in zip(roots, vectors) {
            sum(root, block, into: vector + block.extent.lowerBound, stride: inputs, scratch: scratch.pointer)
        }
    }

    /// target ← the node's sum of a block, whose rows are `stride` floats apart there.
    private func sum(
        _ node: Int, _ block: Block, into target: UnsafeMutablePointer<Float>, stride: Int,
        scratch: UnsafeMutablePointer<Float>
    ) {
        guard let (left, right) = tree.children(of: node) else {
            return product(ofGrain: node, block, into: target, stride: stride)
        }
        let columns = block.columns.count
        sum(left, block, into: target, stride: stride, scratch: scratch)
        let size = FactoredSums.rows * FactoredSums.columns
        sum(right, block, into: scratch, stride: columns, scratch: scratch + size)
        for row in block.rows.indices {
            let line = row - block.rows.lowerBound
            accumulate(scratch + line * columns, into: target + line * stride, count: columns)
        }
    }

    private func product(
        ofGrain grain: Int, _ block: Block, into target: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let weight = weights.weights[block.weight]
        let factor = factors[grain - grains.lowerBound].factors[block.weight]
        factor.dy.withUnsafeBufferPointer { dy in
            factor.x.withUnsafeBufferPointer { x in
                guard let dy = dy.baseAddress, let x = x.baseAddress, factor.rows > 0 else {
                    for row in 0..<block.rows.count {
                        (target + row * stride).update(repeating: 0, count: block.columns.count)
                    }
                    return
                }
                multiplyFewDeep(
                    m: block.rows.count, n: block.columns.count, k: factor.rows,
                    dy + block.rows.lowerBound, lda: weight.outputs, x + block.columns.lowerBound, ldb: weight.inputs,
                    into: target, ldc: stride)
            }
        }
    }
}

/// Which blocks may be computed: those of a weight whose factors all of the rank's grains have left.
struct BlockQueue {
    private let blocks: [FactoredSums.Block]
    private let grains: Int
    private var missing: [Int]
    private var next = 0

    init(_ sums: FactoredSums, grains: Int) {
        blocks = sums.blocks
        self.grains = grains
        missing = sums.weights.weights.map { _ in grains }
    }

    /// Back to the beginning of a step.
    mutating func reset() {
        for weight in missing.indices { missing[weight] = grains }
        next = 0
    }

    /// Notes that a grain has left the factors of a weight; true when it was the last one.
    mutating func leave(weight: Int) -> Bool {
        missing[weight] -= 1
        return missing[weight] == 0
    }

    /// The next block that may be computed.
    mutating func take() -> FactoredSums.Block? {
        guard next < blocks.count, missing[blocks[next].weight] == 0 else { return nil }
        next += 1
        return blocks[next - 1]
    }

    /// Whether all have been taken.
    var isEmpty: Bool { next == blocks.count }
}
