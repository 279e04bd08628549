import DataParallel
import Testing

@Suite("SummationTree")
struct SummationTreeTests {
    /// All ways to cut 0..<count into contiguous ranges.
    private static func partitions(of count: Int) -> [[Range<Int>]] {
        (0..<1 << (count - 1)).map { cuts in
            let bounds = [0] + (1..<count).filter { cuts >> ($0 - 1) & 1 == 1 } + [count]
            return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
        }
    }

    @Test("every contiguous partition of the grains gives the same bits", arguments: 1...12)
    func partitionsGiveTheSameBits(grains: Int) {
        let tree = SummationTree(grainCount: grains)
        let vectors = GrainVectors(grainCount: grains, floats: 8)
        let expected = bits(vectors.sum(step: 0))
        let leaves = (0..<grains).map { vectors.vector(step: 0, grain: $0) }
        for partition in Self.partitions(of: grains) {
            let pieces = partition.flatMap { tree.roots(of: $0) }
            var slots = pieces.map { sum(of: $0, in: tree, leaves) }
            for (target, source) in tree.additions(of: pieces) {
                slots[target] = zip(slots[target], slots[source]).map { $0 + $1 }
            }
            #expect(bits(slots[0]) == expected, "\(partition)")
        }
    }

    /// A subtree's sum, from the additions of its grains alone.
    private func sum(of node: Int, in tree: SummationTree, _ leaves: [[Float]]) -> [Float] {
        let grains = tree.grains(of: node)
        let subtree = SummationTree(grainCount: grains.count)
        var slots = Array(leaves[grains])
        for (target, source) in subtree.additions(of: subtree.leaves) {
            slots[target] = zip(slots[target], slots[source]).map { $0 + $1 }
        }
        return slots[0]
    }

    @Test("roots are the largest complete subtrees, cover the range in order, and are few")
    func rootsCoverTheRange() {
        for grains in 1...40 {
            let tree = SummationTree(grainCount: grains)
            for lower in 0..<grains {
                for upper in lower + 1...grains {
                    let roots = tree.roots(of: lower..<upper).map { tree.grains(of: $0) }
                    #expect(roots.flatMap { Array($0) } == Array(lower..<upper))
                    #expect(roots.count <= 2 * (Int.bitWidth - (upper - lower).leadingZeroBitCount))
                }
            }
            #expect(tree.roots(of: 0..<grains).count == 1)
        }
    }

    @Test("five grains are ((0 + 1) + (2 + 3)) + 4")
    func fiveGrains() {
        let tree = SummationTree(grainCount: 5)
        let additions = tree.additions(of: tree.leaves)
        #expect(additions.map { [$0.target, $0.source] } == [[0, 1], [2, 3], [0, 2], [0, 4]])
    }
}
