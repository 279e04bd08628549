import Optimization

/// Rank 0's decision on its way to the other ranks.
struct PlateauMessage: Codable {
    var kind: String
    var numbers: [Double]
    var step: Int?
    var state: [String: String]
    var endState: [String: String]

    /// - Parameters:
    ///   - state: of the plateau rule after the decision.
    ///   - endState: of the rule that ends the run, likewise.
    init(_ decision: PlateauRule.Decision?, state: [String: String], endState: [String: String]) {
        self.state = state
        self.endState = endState
        numbers = []
        switch decision {
        case .improved: kind = "improved"
        case .decayed(let from, let to, let rollbackToStep):
            kind = "decayed"
            numbers = [from, to]
            step = rollbackToStep
        default: kind = "nothing"
        }
    }

    /// What was decided, as far as the loop acts on it.
    var decision: PlateauRule.Decision? {
        switch kind {
        case "improved": .improved
        case "decayed": .decayed(from: numbers[0], to: numbers[1], rollbackToStep: step)
        default: nil
        }
    }
}
