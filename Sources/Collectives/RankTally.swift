import System

/// What ranks say, alike words once, with who says them; bounded, whatever the number of ranks.
package struct RankTally<Words: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
    package struct Entry: Codable, Equatable, Sendable {
        package let words: Words
        package var ranks: RankList
    }

    /// By their first rank; at most ``most``.
    package private(set) var entries: [Entry]
    /// Ranks with words that have no entry any more.
    package private(set) var others = RankList([])

    /// How many different words are kept: of more, those that most ranks say.
    package static var most: Int { 8 }

    /// What one rank says.
    package init(_ words: Words, rank: Int) { entries = [Entry(words: words, ranks: RankList([rank]))] }

    /// All ranks that say something.
    package var ranks: RankList { entries.reduce(into: others) { $0.add($1.ranks) } }

    /// Takes in what other ranks say.
    package mutating func add(_ other: RankTally) {
        for entry in other.entries {
            if let place = entries.firstIndex(where: { $0.words == entry.words }) {
                entries[place].ranks.add(entry.ranks)
            } else {
                entries.append(entry)
            }
        }
        others.add(other.others)
        entries.sort { $0.ranks.first[0] < $1.ranks.first[0] }
        while entries.count > Self.most {
            // Never the first: the lowest rank's words are those that are told.
            let fewest = entries.indices.dropFirst().min { entries[$0].ranks.count < entries[$1].ranks.count }
            guard let fewest else { return }
            others.add(entries.remove(at: fewest).ranks)
        }
    }
}
