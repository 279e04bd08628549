import Glibc
import Kernels

/// What the numbers of an output say of classes.
package enum ClassScores: Sendable {
    /// Their softmax is the classes' probabilities.
    case logits
    /// Each one's sigmoid is its class's probability; of a single number that of the second of two classes.
    case separateLogits
    case probabilities
    case logProbabilities
    /// Only their order counts; a single number is for the second of two classes where it is above 0.
    case scores

    /// The probability of each class that has a number; nil where the numbers give none.
    package func probabilities(of row: [Float]) -> [Float]? {
        switch self {
        case .logits:
            var result = row
            softmax(row, rows: 1, columns: row.count, logarithm: false, into: &result)
            return result
        case .separateLogits: return row.map { logistic(Vector(repeating: $0))[0] }
        case .probabilities: return row
        case .logProbabilities: return row.map { exp($0) }
        case .scores: return nil
        }
    }

    /// The class that a row of numbers is for, one for each class or a single one for the second of two; −1 where a
    /// number is NaN.
    package func choice(_ row: [Float]) -> Int {
        guard row.count == 1 else { return largest(row, row.count) }
        if row[0].isNaN { return -1 }
        return switch self {
        case .probabilities: row[0] > 0.5 ? 1 : 0
        case .logProbabilities: exp(row[0]) > 0.5 ? 1 : 0
        case .logits, .separateLogits, .scores: row[0] > 0 ? 1 : 0
        }
    }
}
