/// Which rank computes which grains, and what each contributes to the sum.
package struct GrainAssignment: Sendable {
    /// The order in which the grains are added.
    package let tree: SummationTree
    /// How many ranks share the grains.
    package let worldSize: Int

    /// - Precondition: at least one grain for every rank; configurations are checked for it before a run starts.
    package init(grainCount: Int, worldSize: Int) {
        precondition(
            worldSize > 0 && grainCount >= worldSize, "GrainAssignment: \(grainCount) grains for \(worldSize) ranks")
        tree = SummationTree(grainCount: grainCount)
        self.worldSize = worldSize
    }

    /// The grains of a step.
    package var grainCount: Int { tree.grainCount }

    /// The contiguous grains of a rank; sizes differ by at most one, and none is 0.
    package func grains(ofRank rank: Int) -> Range<Int> {
        rank * grainCount / worldSize..<(rank + 1) * grainCount / worldSize
    }

    /// The complete subtrees that a rank adds by itself, as nodes of the tree in the order of their grains.
    package func roots(ofRank rank: Int) -> [Int] { tree.roots(of: grains(ofRank: rank)) }
}
