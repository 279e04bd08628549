/// Which rank computes which grains, and what each contributes to the sum.
public struct GrainAssignment: Sendable {
    public let tree: SummationTree
    public let worldSize: Int

    /// - Precondition: at least one grain for every rank; configurations are checked for it before a run starts.
    public init(grainCount: Int, worldSize: Int) {
        precondition(worldSize > 0 && grainCount >= worldSize, "GrainAssignment: \(grainCount) grains for \(worldSize) ranks")
        tree = SummationTree(grainCount: grainCount)
        self.worldSize = worldSize
    }

    public var grainCount: Int { tree.grainCount }

    /// The contiguous grains of a rank; sizes differ by at most one.
    public func grains(ofRank rank: Int) -> Range<Int> {
        rank * grainCount / worldSize..<(rank + 1) * grainCount / worldSize
    }

    /// The complete subtrees that a rank adds by itself.
    func roots(ofRank rank: Int) -> [Int] { tree.roots(of: grains(ofRank: rank)) }
}

/// Cuts the flat vector into buckets that are reduced one after another while backward still fills later ones.
public struct BucketPlan: Equatable, Sendable {
    /// Ascending ranges of floats that cover the vector; bounds are multiples of 16.
    public let ranges: [Range<Int>]

    /// - Parameters:
    ///   - firstBytes: the first bucket is small, so that communication starts early.
    ///   - bucketBytes: the size of the others.
    public init(count: Int, firstBytes: Int = 1 << 20, bucketBytes: Int = 4 << 20) {
        precondition(count >= 0 && count % 16 == 0, "BucketPlan: \(count) floats are not whole 64-byte lines")
        var ranges: [Range<Int>] = []
        var lower = 0
        while lower < count {
            let size = max(16, (ranges.isEmpty ? firstBytes : bucketBytes) / 4 / 16 * 16)
            // No tiny last bucket.
            let upper = count - lower < size + size / 2 ? count : lower + size
            ranges.append(lower..<upper)
            lower = upper
        }
        self.ranges = ranges
    }

    /// The part of a bucket that one of `parts` owners adds; bounds are multiples of 16 floats.
    static func slice(of range: Range<Int>, part: Int, of parts: Int) -> Range<Int> {
        let lines = range.count / 16
        return range.lowerBound + part * lines / parts * 16..<range.lowerBound + (part + 1) * lines / parts * 16
    }
}
