import ConfigurationReading
import Kernels

/// RMSprop (Tieleman and Hinton 2012, lecture 6e) as PyTorch has it: s ← α s + (1 − α) g²; θ ← θ − η g / (√s + ε),
/// or with momentum v ← γ v + g / (√s + ε); θ ← θ − η v.
package struct RMSprop: UpdateRule {
    /// α, 0 ≤ α < 1.
    package let decay: Double
    /// ε > 0.
    package let epsilon: Double
    /// γ, 0 ≤ γ < 1; 0 keeps no velocity.
    package let momentum: Double

    package init(decay: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0) {
        self.decay = decay
        self.epsilon = epsilon
        self.momentum = momentum
    }

    static let entry = UpdateRuleEntry("rmsprop", "RMSprop.") { reader in
        RMSprop(
            decay: reader.value("decay", .number(in: 0..<1), default: 0.99, "Share of the mean square that is kept."),
            epsilon: reader.epsilon(default: 1e-8),
            momentum: reader.value("momentum", .number(in: 0..<1), default: 0, "Share of the last step that is kept."))
    }

    package var name: String { "rmsprop" }
    package var slots: [Slot] { momentum > 0 ? [Slot("squares"), Slot("momentum")] : [Slot("squares")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        if momentum > 0 {
            updateRMSpropMomentum(
                parameters: parameters + start, gradients: gradients + start, squares: slots[0] + start,
                velocity: slots[1] + start, count: range.count, terms: step.terms(),
                learningRate: Float(step.learningRate), decay: Float(decay), complement: Float(1 - decay),
                epsilon: Float(epsilon), momentum: Float(momentum))
        } else {
            updateRMSprop(
                parameters: parameters + start, gradients: gradients + start, squares: slots[0] + start,
                count: range.count, terms: step.terms(), learningRate: Float(step.learningRate), decay: Float(decay),
                complement: Float(1 - decay), epsilon: Float(epsilon))
        }
    }
}
