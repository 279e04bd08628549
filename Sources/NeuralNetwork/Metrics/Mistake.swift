import TensorCore

/// A sample that was taken for another class than its own.
package struct Mistake: Sendable, Codable, Equatable {
    /// The place of the ``ConfusionTable`` that counts it among those of its objective.
    package var table: Int
    /// The sample's place: in its batch as an objective tells of it, in the data set as an evaluation does.
    package var sample: Int
    /// The class that the sample has, and that which it was taken for.
    package var right: Int
    package var chosen: Int
    /// How far the score of the chosen class lies above that of the right one.
    package var margin: Double
    /// What the model gave the two classes; nil where scores are no probabilities.
    package var rightProbability: Double?
    package var chosenProbability: Double?

    /// The mistakes of one batch. Outputs that are no number are none: nothing says how wrong they are.
    ///
    /// - Parameters:
    ///   - output: [N, K] scores, or [N, 1], one score for two classes.
    ///   - target: a class a sample.
    ///   - scores: what the numbers of `output` say.
    static func among(_ output: Tensor, _ target: Target, table: Int, scores: ClassScores) -> [Mistake] {
        let rows = target.rowCount(for: output)
        let columns = output.count / max(rows, 1)
        var mistakes: [Mistake] = []
        for row in 0..<rows {
            let start = output.pointer + row * columns
            let (right, chosen) = (target.largestClass(row: row, columns: columns), chosenClass(start, columns))
            if right < 0 || chosen < 0 || right == chosen { continue }
            let numbers = (0..<columns).map { start[$0] }
            var mistake = Mistake(
                table: table, sample: row, right: right, chosen: chosen,
                margin: columns == 1 ? abs(Double(start[0])) : Double(start[chosen]) - Double(start[right]))
            if let shares = scores.probabilities(of: numbers) {
                let second = Double(shares[0])
                mistake.rightProbability = columns > 1 ? Double(shares[right]) : right == 1 ? second : 1 - second
                mistake.chosenProbability = columns > 1 ? Double(shares[chosen]) : chosen == 1 ? second : 1 - second
            }
            mistakes.append(mistake)
        }
        return mistakes
    }

    /// Whether it is worse than another: by the margin, of equal ones the earlier sample.
    package func isWorse(than other: Mistake) -> Bool {
        margin == other.margin ? sample < other.sample : margin > other.margin
    }
}

/// The worst mistakes of an evaluation, a few of each table.
package struct WorstMistakes: Sendable, Codable, Equatable {
    /// So many of each table are kept.
    package static let mostOfATable = 12
    /// By table, the worst first.
    package private(set) var mistakes: [[Mistake]]

    package init(tables: Int) { mistakes = Array(repeating: [], count: tables) }

    /// Takes another mistake in. The order in which mistakes come does not matter.
    package mutating func add(_ mistake: Mistake) {
        let place = mistakes[mistake.table].firstIndex(where: mistake.isWorse) ?? mistakes[mistake.table].count
        if place == WorstMistakes.mostOfATable { return }
        mistakes[mistake.table].insert(mistake, at: place)
        if mistakes[mistake.table].count > WorstMistakes.mostOfATable { mistakes[mistake.table].removeLast() }
    }
}
