import Kernels

/// Adadelta (Zeiler 2012, algorithm 1) with PyTorch's learning rate, usually 1:
/// s ← ρ s + (1 − ρ) g²; Δ = √(u + ε) / √(s + ε) · g; u ← ρ u + (1 − ρ) Δ²; θ ← θ − η Δ.
package struct Adadelta: UpdateRule {
    /// ρ.
    package let decay: Double
    /// ε.
    package let epsilon: Double

    /// Throws `outOfRange` unless 0 ≤ decay < 1 and ε > 0.
    package init(decay: Double = 0.9, epsilon: Double = 1e-6) throws(OptimizationError) {
        try OptimizationError.require(decay >= 0 && decay < 1, "adadelta", "decay", decay, allowed: "0 ≤ decay < 1")
        try OptimizationError.require(
            epsilon > 0 && epsilon.isFinite, "adadelta", "epsilon", epsilon, allowed: "epsilon > 0")
        self.decay = decay
        self.epsilon = epsilon
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
