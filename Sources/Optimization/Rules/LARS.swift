import ConfigurationReading
import Kernels

/// LARS, layer-wise adaptive rate scaling for large batches (You, Gitman and Ginsburg 2017, algorithm 1).
///
/// Each parameter has a rate of its own, η r with the trust ratio r = c ‖θ‖ / (‖g‖ + λ ‖θ‖):
/// v ← γ v + η r (g + λ θ); θ ← θ − v. The rate is part of the velocity, as in the decks' momentum.
/// r is 1 for vectors (biases, the scales and shifts of normalisation), and where ‖θ‖ or ‖g‖ is 0.
package struct LARS: LayerwiseRule {
    /// γ, 0 ≤ γ < 1.
    package let momentum: Double
    /// c > 0: how far a parameter moves, over its norm.
    package let trust: Double

    package init(momentum: Double = 0.9, trust: Double = 0.001) {
        self.momentum = momentum
        self.trust = trust
    }

    static let entry = UpdateRuleEntry(
        "lars", "LARS, for large batches: each matrix has a rate of its own, by its norm over that of its gradient."
    ) { reader in
        LARS(
            momentum: reader.value(
                "momentum", .number(in: 0..<1), default: 0.9, "Share of the last step that is kept."),
            trust: reader.value(
                "trust", .number(above: 0), default: 0.001,
                "How far a matrix moves, over its norm; vectors take the learning rate itself."))
    }

    package var name: String { "lars" }
    package var slots: [Slot] { [Slot("momentum")] }

    package func squareSums(
        _ range: Range<Int>, parameters: UnsafePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) -> SquareSums {
        let start = range.lowerBound
        return gradientSquareSums(
            parameters: parameters + start, gradients: gradients + start, count: range.count,
            terms: step.terms(decoupled: true))
    }

    package func trustRatio(weights: Double, direction: Double, step: UpdateStep) -> Double {
        weights > 0 && direction > 0 ? trust * weights / (direction + step.weightDecay * weights) : 1
    }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateRatedMomentum(
            parameters: parameters + start, gradients: gradients + start, velocity: slots[0] + start,
            count: range.count, terms: step.terms(), learningRate: Float(step.learningRate * step.trustRatio),
            momentum: Float(momentum), nesterov: false)
    }
}
