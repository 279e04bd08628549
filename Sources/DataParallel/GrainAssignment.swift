/// Which rank computes which grains, and what each contributes to the sum.
package struct GrainAssignment: Sendable {
    /// The order in which the grains are added.
    package let tree: SummationTree
    /// Which ranks share a host; grains belong to ranks in its order.
    package let order: HostOrder
    /// How many ranks share the grains.
    package let worldSize: Int
    private let positionOfRank: [Int]

    /// - Precondition: at least one grain for every rank; configurations are checked for it before a run starts.
    package init(grainCount: Int, order: HostOrder) {
        let ranks = order.ranks
        precondition(grainCount >= ranks.count, "GrainAssignment: \(grainCount) grains for \(ranks.count) ranks")
        tree = SummationTree(grainCount: grainCount)
        self.order = order
        worldSize = ranks.count
        var positions = ranks
        for (position, rank) in ranks.enumerated() { positions[rank] = position }
        positionOfRank = positions
    }

    /// All ranks on one host.
    package init(grainCount: Int, worldSize: Int) {
        self.init(grainCount: grainCount, order: HostOrder(worldSize: worldSize))
    }

    /// The grains of a step.
    package var grainCount: Int { tree.grainCount }

    /// The contiguous grains of a rank; sizes differ by at most one, and none is 0.
    package func grains(ofRank rank: Int) -> Range<Int> {
        let position = positionOfRank[rank]
        return position * grainCount / worldSize..<(position + 1) * grainCount / worldSize
    }

    /// The complete subtrees that a rank adds by itself, as nodes of the tree in the order of their grains.
    package func roots(ofRank rank: Int) -> [Int] { tree.roots(of: grains(ofRank: rank)) }

    /// The complete subtrees that ranks with neighbouring grains add together, in the order of their grains.
    package func roots(ofRanks ranks: [Int]) -> [Int] {
        let all = ranks.map(grains(ofRank:))
        return tree.roots(of: all[0].lowerBound..<all[all.count - 1].upperBound)
    }
}
