/// Some of the ranks of a job as people read of them: the first few by number, and how many there are.
///
/// It stays as short for a thousand ranks as for ten.
package struct RankList: Codable, Equatable, Sendable {
    /// The lowest ranks, ascending, at most ``kept``.
    package private(set) var first: [Int]
    /// All of them.
    package private(set) var count: Int

    /// How many are remembered by number.
    package static let kept = 8
    /// How many a sentence names before it counts.
    private static let named = 3

    /// - Parameter ranks: ascending.
    package init(_ ranks: [Int]) {
        first = Array(ranks.prefix(RankList.kept))
        count = ranks.count
    }

    /// Takes in ranks of which none is in it yet.
    package mutating func add(_ others: RankList) {
        first = Array((first + others.first).sorted().prefix(RankList.kept))
        count += others.count
    }

    /// All but the lowest.
    package var withoutFirst: RankList {
        var others = self
        if count > 0 { others.count -= 1 }
        others.first = Array(first.dropFirst())
        return others
    }

    /// `rank 3`, `rank 3, 4 and 7`, `rank 3, 4, 5 and 994 more`.
    package var text: String {
        // one name more says no less than "and 1 more"
        let names = first.prefix(count == RankList.named + 1 ? count : RankList.named).map(String.init)
        let more = count - names.count
        if more > 0 { return "rank " + names.joined(separator: ", ") + " and \(more) more" }
        guard let last = names.last, names.count > 1 else { return "rank " + names.joined() }
        return "rank " + names.dropLast().joined(separator: ", ") + " and " + last
    }
}
