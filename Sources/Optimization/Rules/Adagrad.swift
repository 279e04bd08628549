import ConfigurationReading
import Kernels

/// Adagrad (Duchi, Hazan and Singer 2011): s ← s + g²; θ ← θ − η g / (√s + ε).
package struct Adagrad: UpdateRule {
    /// ε > 0.
    package let epsilon: Double

    package init(epsilon: Double = 1e-10) { self.epsilon = epsilon }

    static let entry = UpdateRuleEntry("adagrad", "Adagrad.") { Adagrad(epsilon: $0.epsilon(default: 1e-10)) }

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
