import ConfigurationReading
import Kernels

/// Lookahead around any update rule (Zhang et al. 2019, algorithm 1): the rule moves the weights, and after every k
/// updates slow weights take a part of the way, from which the rule goes on: s ← s + α (θ − s); θ ← s.
///
/// The slow weights are one more slot, which begins as the weights that the phase begins with. The rule's own slots
/// stay as they are at such a meeting. Validation sees θ, which between meetings is ahead of s.
package struct Lookahead: Equatable, Sendable {
    /// k ≥ 1.
    package let steps: Int
    /// α, 0 < α ≤ 1.
    package let alpha: Double

    package init(steps: Int = 5, alpha: Double = 0.5) {
        self.steps = steps
        self.alpha = alpha
    }

    static let slot = Slot("slow", initial: .weights)

    /// Lets slow weights and weights meet, where update `stepNumber`, counted from 1, is one after which they do.
    func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, slow: UnsafeMutablePointer<Float>,
        stepNumber: Int
    ) {
        guard stepNumber % steps == 0 else { return }
        updateLookahead(
            parameters: parameters + range.lowerBound, slow: slow + range.lowerBound, count: range.count,
            alpha: Float(alpha))
    }
}

/// `lookahead: {steps: 5, alpha: 0.5}`.
extension Lookahead: ConfigurationSection {
    package static var title: String { "lookahead" }

    package init(from reader: ConfigurationReader) {
        steps = reader.value(
            "steps", .integer(in: 1...), default: 5, "Updates of the rule between two of the slow weights.")
        alpha = reader.value(
            "alpha", .number(above: 0), default: 0.5, "Share of the way that the slow weights take; at most 1.")
        if alpha > 1 {
            reader.refuse(
                "alpha", because: "\(alpha) would take the slow weights beyond the others; make it at most 1.")
        }
    }
}
