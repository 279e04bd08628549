import ConfigurationReading
import Kernels

/// LAMB, layer-wise adaptive moments for large batches (You et al. 2020, algorithm 2, with φ(z) = z).
///
/// m ← β₁ m + (1 − β₁) g; s ← β₂ s + (1 − β₂) g²;
/// d = m̂ / (√ŝ + ε) + λ θ, m̂ and ŝ corrected for their beginning;
/// θ ← θ − η r d with the trust ratio r = ‖θ‖ / ‖d‖ of each parameter. r is 1 for vectors (biases, the scales and
/// shifts of normalisation), and where a norm is 0. An L1 term is part of g.
package struct LAMB: LayerwiseRule {
    /// β₁, the share of the mean gradient that is kept; 0 ≤ β₁ < 1.
    package let beta1: Double
    /// β₂, the share of the mean square that is kept; 0 ≤ β₂ < 1.
    package let beta2: Double
    /// ε > 0.
    package let epsilon: Double

    package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    static let entry = UpdateRuleEntry(
        "lamb", "LAMB, for large batches: Adam's step, scaled for each matrix to its own norm."
    ) { reader in
        LAMB(
            beta1: reader.value("beta1", .number(in: 0..<1), default: 0.9, "Share of the mean gradient that is kept."),
            beta2: reader.value("beta2", .number(in: 0..<1), default: 0.999, "Share of the mean square that is kept."),
            epsilon: reader.epsilon(default: 1e-6))
    }

    package var name: String { "lamb" }
    package var slots: [Slot] { [Slot("momentum"), Slot("squares")] }

    package func squareSums(
        _ range: Range<Int>, parameters: UnsafePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) -> SquareSums {
        let start = range.lowerBound
        return lambSquareSums(
            parameters: parameters + start, gradients: gradients + start, momentum: slots[0] + start,
            squares: slots[1] + start, count: range.count, terms: step.terms(decoupled: true),
            coefficients: coefficients(of: step))
    }

    package func trustRatio(weights: Double, direction: Double, step: UpdateStep) -> Double {
        weights > 0 && direction > 0 ? weights / direction : 1
    }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateLAMB(
            parameters: parameters + start, gradients: gradients + start, momentum: slots[0] + start,
            squares: slots[1] + start, count: range.count, terms: step.terms(decoupled: true),
            coefficients: coefficients(of: step), stepSize: Float(step.learningRate * step.trustRatio))
    }

    private func coefficients(of step: UpdateStep) -> LAMBCoefficients {
        LAMBCoefficients(
            beta1: Float(beta1), beta1Complement: Float(1 - beta1), beta2: Float(beta2),
            beta2Complement: Float(1 - beta2), momentumCorrection: Float(step.biasCorrection(beta1)),
            squaresCorrection: Float(step.biasCorrection(beta2).squareRoot()), epsilon: Float(epsilon),
            weightDecay: Float(step.weightDecay))
    }
}
