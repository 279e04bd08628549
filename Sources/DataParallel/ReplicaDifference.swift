import Collectives
import System

/// A tensor that is not the same on all ranks.
package struct ReplicaDifference: Equatable, Sendable {
    package let tensor: String
    /// `weight`, `statistic` or the name of an optimiser's slot.
    package let kind: String
    /// The ranks that differ from what most ranks have; all ranks where no state has most of them, as of two.
    package let ranks: RankList
    /// Whether more than half of all ranks agree.
    package let hasMajority: Bool

    package init(tensor: String, kind: String, ranks: RankList, hasMajority: Bool) {
        self.tensor = tensor
        self.kind = kind
        self.ranks = ranks
        self.hasMajority = hasMajority
    }

    /// The differences between ranks' hashes of the same tensors.
    ///
    /// - Parameter tallies: of each tensor, which ranks have which hash.
    package static func find(
        _ tensors: [ReplicaTensor], _ tallies: [RankTally<UInt64>], worldSize: Int
    ) -> [ReplicaDifference] {
        zip(tensors, tallies).compactMap { tensor, tally in
            guard tally.ranks.count > (tally.entries.first?.ranks.count ?? 0) else { return nil }
            let majority = tally.entries.first { 2 * $0.ranks.count > worldSize }?.words
            let minorities = tally.entries.filter { $0.words != majority }.reduce(into: tally.others) {
                $0.add($1.ranks)
            }
            return ReplicaDifference(
                tensor: tensor.name, kind: tensor.kind, ranks: minorities, hasMajority: majority != nil)
        }
    }
}
