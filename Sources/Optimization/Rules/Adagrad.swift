import Kernels

/// Adagrad (Duchi, Hazan and Singer 2011): s ← s + g²; θ ← θ − η g / (√s + ε).
package struct Adagrad: UpdateRule {
    /// ε.
    package let epsilon: Double

    /// Throws `outOfRange` unless ε > 0.
    package init(epsilon: Double = 1e-10) throws(OptimizationError) {
        try OptimizationError.require(
            epsilon > 0 && epsilon.isFinite, "adagrad", "epsilon", epsilon, allowed: "epsilon > 0")
        self.epsilon = epsilon
    }

    package var name: String { "adagrad" }
    package var slots: [Slot] { [Slot("squares")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateAdagrad(
            parameters: parameters + start, gradients: gradients + start, squares: slots[0] + start, count: range.count,
            terms: step.terms(), learningRate: Float(step.learningRate), epsilon: Float(epsilon))
    }
}
