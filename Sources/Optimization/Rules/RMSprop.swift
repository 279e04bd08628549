import Kernels

/// RMSprop (Tieleman and Hinton 2012, lecture 6e) as PyTorch has it: s ← α s + (1 − α) g²; θ ← θ − η g / (√s + ε),
/// or with momentum v ← γ v + g / (√s + ε); θ ← θ − η v.
package struct RMSprop: UpdateRule {
    /// α.
    package let decay: Double
    /// ε.
    package let epsilon: Double
    /// γ; 0 keeps no velocity.
    package let momentum: Double

    /// Throws `outOfRange` unless 0 ≤ decay < 1, ε > 0 and 0 ≤ momentum < 1.
    package init(decay: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0) throws(OptimizationError) {
        try OptimizationError.require(decay >= 0 && decay < 1, "rmsprop", "decay", decay, allowed: "0 ≤ decay < 1")
        try OptimizationError.require(
            epsilon > 0 && epsilon.isFinite, "rmsprop", "epsilon", epsilon, allowed: "epsilon > 0")
        try OptimizationError.require(
            momentum >= 0 && momentum < 1, "rmsprop", "momentum", momentum, allowed: "0 ≤ momentum < 1")
        self.decay = decay
        self.epsilon = epsilon
        self.momentum = momentum
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
