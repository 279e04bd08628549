/// A tensor that is not the same on all ranks.
package struct ReplicaDifference: Equatable, Sendable {
    package let tensor: String
    /// `weight`, `statistic` or the name of an optimiser's slot.
    package let kind: String
    /// The ranks that differ from what most ranks have; all ranks where no state has most of them, as of two.
    package let ranks: [Int]
    /// Whether more than half of all ranks agree.
    package let hasMajority: Bool

    package init(tensor: String, kind: String, ranks: [Int], hasMajority: Bool) {
        self.tensor = tensor
        self.kind = kind
        self.ranks = ranks
        self.hasMajority = hasMajority
    }

    /// The differences between ranks' hashes of the same tensors.
    ///
    /// - Parameter hashes: by rank, then in the tensors' order.
    package static func find(_ tensors: [ReplicaTensor], hashes: [[UInt64]]) -> [ReplicaDifference] {
        tensors.indices.compactMap { index in
            let own = hashes.map { $0[index] }
            let counts = Dictionary(own.map { ($0, 1) }, uniquingKeysWith: +)
            guard counts.count > 1 else { return nil }
            let majority = counts.first { 2 * $0.value > own.count }?.key
            return ReplicaDifference(
                tensor: tensors[index].name, kind: tensors[index].kind,
                ranks: own.indices.filter { own[$0] != majority },
                hasMajority: majority != nil)
        }
    }
}
