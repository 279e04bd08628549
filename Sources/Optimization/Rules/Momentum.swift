import ConfigurationReading
import Kernels

/// Gradient descent with momentum (Polyak 1964), as PyTorch's `SGD(momentum:)`: v ← γ v + g; θ ← θ − η v.
///
/// The lecture decks write v ← γ v + η g; θ ← θ − v (``Form/deck``). That v is η times PyTorch's: both walk the same
/// path while η is constant; when η falls, PyTorch's form shortens the steps that the velocity already holds at once,
/// the decks' only those of new gradients.
///
/// Nesterov's gradient is that at the point ahead, φ = θ − γ v. The weights that we keep are φ (Sutskever et al. 2013,
/// section 2; Bengio et al. 2013): from v ← γ v + η g(φ); θ ← θ − v follows φ ← φ − (η g + γ v), v already updated;
/// in PyTorch's form φ ← φ − η (g + γ v). The decks' θ is φ + γ v.
package struct Momentum: UpdateRule {
    /// γ, 0 ≤ γ < 1.
    package let momentum: Double
    package let nesterov: Bool
    package let form: Form

    /// Whether the learning rate is part of the velocity.
    package enum Form: String, CaseIterable, Sendable {
        /// v ← γ v + g; θ ← θ − η v.
        case pytorch
        /// v ← γ v + η g; θ ← θ − v.
        case deck
    }

    package init(momentum: Double = 0.9, nesterov: Bool = false, form: Form = .pytorch) {
        self.momentum = momentum
        self.nesterov = nesterov
        self.form = form
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
                "nesterov", .flag, default: nesterov, "Whether the gradient looks ahead by the momentum."),
            form: reader.value(
                "form", .choice(of: Form.self), default: "pytorch",
                "`pytorch`: v ← γ v + g, θ ← θ − η v; `deck`: v ← γ v + η g, θ ← θ − v. Both are the same until the "
                    + "rate changes."))
        return rule.momentum > 0 ? rule : SGD()
    }

    package var name: String { nesterov ? "nesterov" : "momentum" }
    package var slots: [Slot] { [Slot("momentum")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        let update = form == .deck ? updateRatedMomentum : updateMomentum
        update(
            parameters + start, gradients + start, slots[0] + start, range.count, step.terms(),
            Float(step.learningRate), Float(momentum), nesterov)
    }
}
