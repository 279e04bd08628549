import ConfigurationReading
import Glibc
import Kernels

/// Lookahead around any update rule (Zhang et al. 2019, algorithm 1): the rule moves the weights, and after every k
/// updates slow weights take a part of the way, from which the rule goes on: s ← s + α (θ − s); θ ← s.
///
/// The slow weights are one more slot, which begins as the weights that the phase begins with. The rule's own slots
/// stay as they are at such a meeting. Validation sees θ, which between meetings is ahead of s.
///
/// With `finalAlpha` α changes over the phase's T updates from α₀ to α₁: after update t it is α₀ + (α₁ − α₀) (t / T)ᵖ,
/// so that weights which first move freely come to be averages at the end (Jordan, "94% on CIFAR-10 in 3.29 seconds on
/// a single GPU", 2024, section 3.4, with α₀ = 1, α₁ = 1 − 0.95⁵ and p = 3).
package struct Lookahead: Equatable, Sendable {
    /// k ≥ 1.
    package let steps: Int
    /// α, 0 < α ≤ 1.
    package let alpha: Double
    /// α₁, 0 < α₁ ≤ 1; nil where α stays.
    package let finalAlpha: Double?
    /// p > 0.
    package let power: Double

    package init(steps: Int = 5, alpha: Double = 0.5, finalAlpha: Double? = nil, power: Double = 1) {
        self.steps = steps
        self.alpha = alpha
        self.finalAlpha = finalAlpha
        self.power = power
    }

    /// Whether a phase of another length has other meetings.
    package var dependsOnEnd: Bool { finalAlpha != nil }

    /// α after update `stepNumber` of `stepCount`.
    func alpha(at stepNumber: Int, of stepCount: Int) -> Double {
        guard let finalAlpha else { return alpha }
        let share = min(Double(stepNumber) / Double(max(stepCount, 1)), 1)
        return alpha + (finalAlpha - alpha) * pow(share, power)
    }

    static let slot = Slot("slow", initial: .weights)

    /// Lets slow weights and weights meet, where update `stepNumber`, counted from 1, of `stepCount` is one after which
    /// they do.
    func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, slow: UnsafeMutablePointer<Float>,
        stepNumber: Int, of stepCount: Int
    ) {
        guard stepNumber % steps == 0 else { return }
        updateLookahead(
            parameters: parameters + range.lowerBound, slow: slow + range.lowerBound, count: range.count,
            alpha: Float(alpha(at: stepNumber, of: stepCount)))
    }
}

/// `lookahead: {steps: 5, alpha: 0.5}`, `{steps: 5, alpha: 1, finalAlpha: 0.2, power: 3}`.
extension Lookahead: ConfigurationSection {
    package static var title: String { "lookahead" }

    package init(from reader: ConfigurationReader) {
        steps = reader.value(
            "steps", .integer(in: 1...), default: 5, "Updates of the rule between two of the slow weights.")
        alpha = reader.value(
            "alpha", .number(above: 0), default: 0.5, "Share of the way that the slow weights take; at most 1.")
        finalAlpha = reader.optional(
            "finalAlpha", .number(above: 0), "What alpha has become at the end of the phase; at most 1.")
        power = reader.value(
            "power", .number(above: 0), default: 1,
            "How alpha changes: with the share of the phase's updates to this power.")
        for (key, value) in [("alpha", alpha), ("finalAlpha", finalAlpha ?? 1)] where value > 1 {
            reader.refuse(
                key, because: "\(value) would take the slow weights beyond the others; make it at most 1.")
        }
    }
}
