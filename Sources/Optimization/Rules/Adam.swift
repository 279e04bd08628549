import ConfigurationReading
import Kernels

/// Adam (Kingma and Ba 2015, algorithm 1) and, with decoupled weight decay, AdamW (Loshchilov and Hutter 2019).
///
/// m ← β₁ m + (1 − β₁) g; s ← β₂ s + (1 − β₂) g²;
/// θ ← θ − η / (1 − β₁ᵗ) · m / (√s / √(1 − β₂ᵗ) + ε).
/// AdamW first shrinks θ by ηλ and keeps λθ out of g; an L1 term is part of g in both.
package struct Adam: UpdateRule {
    /// β₁, the share of the mean gradient that is kept; 0 ≤ β₁ < 1.
    package let beta1: Double
    /// β₂, the share of the mean square that is kept; 0 ≤ β₂ < 1.
    package let beta2: Double
    /// ε > 0.
    package let epsilon: Double
    /// Whether weight decay acts on the parameter directly (AdamW) and not through the gradient.
    package let decouplesWeightDecay: Bool

    package init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, decouplesWeightDecay: Bool = false
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.decouplesWeightDecay = decouplesWeightDecay
    }

    static let entries = [
        UpdateRuleEntry("adam", "Adam.") { Adam(from: $0, decouplesWeightDecay: false) },
        UpdateRuleEntry("adamw", "Adam with decoupled weight decay.") { Adam(from: $0, decouplesWeightDecay: true) },
    ]

    private init(from reader: ConfigurationReader, decouplesWeightDecay: Bool) {
        self.init(
            beta1: reader.value("beta1", .number(in: 0..<1), default: 0.9, "Share of the mean gradient that is kept."),
            beta2: reader.value("beta2", .number(in: 0..<1), default: 0.999, "Share of the mean square that is kept."),
            epsilon: reader.epsilon(default: 1e-8), decouplesWeightDecay: decouplesWeightDecay)
    }

    package var name: String { decouplesWeightDecay ? "adamw" : "adam" }
    package var slots: [Slot] { [Slot("momentum"), Slot("squares")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateAdam(
            parameters: parameters + start, gradients: gradients + start, momentum: slots[0] + start,
            squares: slots[1] + start, count: range.count, terms: step.terms(decoupled: decouplesWeightDecay),
            coefficients: coefficients(of: step))
    }

    private func coefficients(of step: UpdateStep) -> AdamCoefficients {
        AdamCoefficients(
            beta1: Float(beta1), beta1Complement: Float(1 - beta1), beta2: Float(beta2),
            beta2Complement: Float(1 - beta2),
            stepSize: Float(step.learningRate / step.biasCorrection(beta1)),
            correction: Float(step.biasCorrection(beta2).squareRoot()),
            epsilon: Float(epsilon),
            shrinkage: decouplesWeightDecay ? Float(1 - step.learningRate * step.weightDecay) : 1)
    }
}
