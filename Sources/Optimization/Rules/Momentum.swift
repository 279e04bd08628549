import ConfigurationReading
import Kernels

/// Gradient descent with momentum (Polyak 1964), as PyTorch's `SGD(momentum:)`: v ← γ v + g; θ ← θ − η v.
///
/// The lecture decks write v ← γ v + η g; θ ← θ − v. That v is η times ours: both walk the same path while η is
/// constant; when η falls, ours shortens the steps that the velocity already holds at once, theirs only those of new
/// gradients. Nesterov's form (Sutskever et al. 2013, section 2, in PyTorch's variables): θ ← θ − η (g + γ v), v
/// already updated.
package struct Momentum: UpdateRule {
    /// γ, 0 ≤ γ < 1.
    package let momentum: Double
    package let nesterov: Bool

    package init(momentum: Double = 0.9, nesterov: Bool = false) {
        self.momentum = momentum
        self.nesterov = nesterov
    }

    static let entries = [
        UpdateRuleEntry("momentum", "The same with momentum 0.9.") {
            rule(from: $0, momentum: 0.9, nesterov: false)
        },
        UpdateRuleEntry("nesterov", "The same with Nesterov's momentum 0.9.") {
            rule(from: $0, momentum: 0.9, nesterov: true)
        },
    ]

    /// Reads the keys, which have the given defaults; a momentum of 0 is plain gradient descent, which keeps no
    /// velocity.
    static func rule(
        from reader: ConfigurationReader, momentum: ConfigurationNode, nesterov: ConfigurationNode
    ) -> any UpdateRule {
        let rule = Momentum(
            momentum: reader.value(
                "momentum", .number(in: 0..<1), default: momentum, "Share of the last step that is kept."),
            nesterov: reader.value(
                "nesterov", .flag, default: nesterov, "Whether the gradient looks ahead by the momentum."))
        return rule.momentum > 0 ? rule : SGD()
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
