/// The partial sums that a host sends: those of its ranks, added as far as the tree lets it.
struct HostSums: Sendable {
    /// Of each root of the host: which of its ranks' partial sums it is the sum of.
    private let roots: [(pieces: Range<Int>, sums: PartialSums)]

    /// - Parameters:
    ///   - pieces: the nodes whose sums the host's ranks have, in the order of their grains.
    ///   - roots: the nodes whose sums the host sends.
    init(of pieces: [Int], to roots: [Int], in tree: SummationTree) {
        var lower = 0
        self.roots = roots.map { root in
            let grains = tree.grains(of: root)
            var upper = lower
            while upper < pieces.count, tree.grains(of: pieces[upper]).upperBound <= grains.upperBound { upper += 1 }
            defer { lower = upper }
            return (lower..<upper, PartialSums(of: Array(pieces[lower..<upper]), to: root, in: tree))
        }
    }

    /// How many sums have to be made; the others are a rank's own.
    var additionCount: Int { roots.count { $0.pieces.count > 1 } }

    /// Where the sums of a range of floats are: in place, or made at `memory`, which is moved past them.
    func make(
        _ range: Range<Int>, of pieces: [UnsafePointer<Float>], at memory: inout UnsafeMutablePointer<Float>
    ) -> [UnsafePointer<Float>] {
        roots.map { root in
            let own = pieces[root.pieces].map { $0 + range.lowerBound }
            if own.count == 1 { return own[0] }
            defer { memory += range.count }
            root.sums.add(own, into: memory, floats: range.count)
            return UnsafePointer(memory)
        }
    }
}
