import Kernels

/// Gradient descent with momentum (Polyak 1964), as PyTorch's `SGD(momentum:)`: v ← γ v + g; θ ← θ − η v.
///
/// The lecture decks write v ← γ v + η g; θ ← θ − v. That v is η times ours: both walk the same path while η is
/// constant; when η falls, ours shortens the steps that the velocity already holds at once, theirs only those of new
/// gradients. Nesterov's form (Sutskever et al. 2013, section 2, in PyTorch's variables): θ ← θ − η (g + γ v), v
/// already updated.
package struct Momentum: UpdateRule {
    /// γ.
    package let momentum: Double
    package let nesterov: Bool

    /// Throws `outOfRange` unless 0 ≤ momentum < 1.
    package init(momentum: Double = 0.9, nesterov: Bool = false) throws(OptimizationError) {
        let owner = nesterov ? "nesterov" : "momentum"
        try OptimizationError.require(
            momentum >= 0 && momentum < 1, owner, "momentum", momentum, allowed: "0 ≤ momentum < 1")
        self.momentum = momentum
        self.nesterov = nesterov
    }

    package var name: String { nesterov ? "nesterov" : "momentum" }
    package var slots: [Slot] { [Slot("momentum")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateMomentum(
            parameters: parameters + start, gradients: gradients + start, velocity: slots[0] + start,
            count: range.count, terms: step.terms(), learningRate: Float(step.learningRate),
            momentum: Float(momentum), nesterov: nesterov)
    }
}
