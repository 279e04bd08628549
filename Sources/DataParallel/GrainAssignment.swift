/// Which rank computes which grains, and what each contributes to the sum.
public struct GrainAssignment: Sendable {
    /// The order in which the grains are added.
    public let tree: SummationTree
    /// How many ranks share the grains.
    public let worldSize: Int

    /// - Precondition: at least one grain for every rank; configurations are checked for it before a run starts.
    public init(grainCount: Int, worldSize: Int) {
        precondition(worldSize > 0 && grainCount >= worldSize, "GrainAssignment: \(grainCount) grains for \(worldSize) ranks")
        tree = SummationTree(grainCount: grainCount)
        self.worldSize = worldSize
    }

    /// The grains of a step.
    public var grainCount: Int { tree.grainCount }

    /// The contiguous grains of a rank; sizes differ by at most one, and none is 0.
    public func grains(ofRank rank: Int) -> Range<Int> {
        rank * grainCount / worldSize..<(rank + 1) * grainCount / worldSize
    }

    /// The complete subtrees that a rank adds by itself, as nodes of the tree in the order of their grains.
    package func roots(ofRank rank: Int) -> [Int] { tree.roots(of: grains(ofRank: rank)) }
}
