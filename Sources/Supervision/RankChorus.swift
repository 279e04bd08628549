import System

/// Sentences that several ranks say in the same words: the first rank's is shown, the others are counted.
struct RankChorus {
    private struct Sentence {
        let text: String
        let first: Int
        var others = RankList([])
    }

    private var sentences: [Sentence] = []
    /// Different sentences that are remembered; later ones are shown one by one.
    private static let most = 32

    /// Whether another rank has said what this line does, so that it need not be shown.
    mutating func hasHeard(_ line: String) -> Bool {
        // rank 3 of 64 on node2 (place): text
        let rest = line.hasPrefix("trainer: ") ? line.dropFirst("trainer: ".count) : line[...]
        guard rest.hasPrefix("rank "), let end = rest.firstRange(of: ": "),
            let rank = Int(rest.dropFirst("rank ".count).prefix { $0.isNumber }),
            rest[..<end.lowerBound].contains(" on ")
        else { return false }
        let text = String(rest[end.upperBound...])
        guard let place = sentences.firstIndex(where: { $0.text == text }) else {
            if sentences.count < RankChorus.most { sentences.append(Sentence(text: text, first: rank)) }
            return false
        }
        if sentences[place].first == rank { return false }
        sentences[place].others.add(RankList([rank]))
        return true
    }

    /// Who else has said what has been shown, a line for each sentence.
    var summary: String {
        sentences.filter { $0.others.count > 0 }.map { "\($0.others.text): the same as rank \($0.first)\n" }.joined()
    }
}
