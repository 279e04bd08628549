import ConfigurationReading
import Kernels

/// Adamax (Kingma and Ba 2015, section 7.1, algorithm 2): Adam with the largest gradient instead of the mean square.
///
/// m ← β₁ m + (1 − β₁) g; u ← max(β₂ u, |g| + ε); θ ← θ − η / (1 − β₁ᵗ) · m / u.
/// The paper has no ε; PyTorch adds it so that an element which has had no gradient stays where it is.
package struct Adamax: UpdateRule {
    /// β₁, the share of the mean gradient that is kept; 0 ≤ β₁ < 1.
    package let beta1: Double
    /// β₂, the share of the largest gradient that is kept; 0 ≤ β₂ < 1.
    package let beta2: Double
    /// ε > 0.
    package let epsilon: Double

    package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    static let entry = UpdateRuleEntry("adamax", "Adam with the largest gradient instead of the mean square.") {
        Adamax(
            beta1: $0.value("beta1", .number(in: 0..<1), default: 0.9, "Share of the mean gradient that is kept."),
            beta2: $0.value("beta2", .number(in: 0..<1), default: 0.999, "Share of the largest gradient that is kept."),
            epsilon: $0.value(
                "epsilon", .number(above: 0), default: 1e-8,
                "Added to the size of each gradient, so that no denominator is 0."))
    }

    package var name: String { "adamax" }
    package var slots: [Slot] { [Slot("momentum"), Slot("maxima")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateAdamax(
            parameters: parameters + start, gradients: gradients + start, momentum: slots[0] + start,
            maxima: slots[1] + start, count: range.count, terms: step.terms(),
            stepSize: Float(step.learningRate / step.biasCorrection(beta1)), beta1: Float(beta1),
            beta1Complement: Float(1 - beta1), beta2: Float(beta2), epsilon: Float(epsilon))
    }
}
