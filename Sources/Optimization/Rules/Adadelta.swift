import ConfigurationReading
import Kernels

/// Adadelta (Zeiler 2012, algorithm 1) with PyTorch's learning rate, usually 1:
/// s ← ρ s + (1 − ρ) g²; Δ = √(u + ε) / √(s + ε) · g; u ← ρ u + (1 − ρ) Δ²; θ ← θ − η Δ.
package struct Adadelta: UpdateRule {
    /// ρ, 0 ≤ ρ < 1.
    package let decay: Double
    /// ε > 0.
    package let epsilon: Double

    package init(decay: Double = 0.9, epsilon: Double = 1e-6) {
        self.decay = decay
        self.epsilon = epsilon
    }

    static let entry = UpdateRuleEntry("adadelta", "Adadelta; a learningRate of 1 is Zeiler's rule.") { reader in
        Adadelta(
            decay: reader.value("decay", .number(in: 0..<1), default: 0.9, "Share of the mean squares that is kept."),
            epsilon: reader.epsilon(default: 1e-6))
    }

    package var name: String { "adadelta" }
    package var slots: [Slot] { [Slot("squares"), Slot("updates")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateAdadelta(
            parameters: parameters + start, gradients: gradients + start, squares: slots[0] + start,
            updates: slots[1] + start, count: range.count, terms: step.terms(), learningRate: Float(step.learningRate),
            decay: Float(decay), complement: Float(1 - decay), epsilon: Float(epsilon))
    }
}
