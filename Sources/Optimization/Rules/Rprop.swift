import ConfigurationReading
import Kernels

/// Resilient propagation (Riedmiller and Braun 1993; the variant iRprop⁻ of Igel and Hüsken 2000, as PyTorch has it).
///
/// Each element has its own step size Δ: times `increase` while its gradient keeps its sign, times `decrease` when it
/// changes, and then the element rests for one step. θ ← θ − sign(g) Δ. The learning rate is only the first Δ;
/// schedules do not act. Meant for gradients of the whole training set. Signs are compared, not the product of two
/// gradients, which could underflow.
package struct Rprop: UpdateRule {
    /// η⁻, 0 ≤ η⁻ < 1.
    package let decrease: Double
    /// η⁺ > 1.
    package let increase: Double
    /// Greater than 0.
    package let minimumStep: Double
    /// At least `minimumStep`.
    package let maximumStep: Double
    /// Whether the configuration says that batches are less than the training set.
    package let miniBatches: Bool

    package init(
        decrease: Double = 0.5, increase: Double = 1.2, minimumStep: Double = 1e-6, maximumStep: Double = 50,
        miniBatches: Bool = false
    ) {
        self.decrease = decrease
        self.increase = increase
        self.minimumStep = minimumStep
        self.maximumStep = maximumStep
        self.miniBatches = miniBatches
    }

    static let entry = UpdateRuleEntry(
        "rprop", "Rprop, for batches of the whole set; learningRate is the first step."
    ) { reader in
        let rule = Rprop(
            decrease: reader.value(
                "decrease", .number(in: 0..<1), default: 0.5, "Factor of the step when the sign changes."),
            increase: reader.value(
                "increase", .number(above: 1), default: 1.2, "Factor of the step when the sign stays."),
            minimumStep: reader.value("minimumStep", .number(above: 0), default: 1e-6, "The smallest step."),
            maximumStep: reader.value("maximumStep", .number(above: 0), default: 50, "The largest step."),
            miniBatches: reader.value(
                "miniBatches", .flag, default: false,
                "Whether batches may be less than the training set, whose gradients change signs by chance."))
        if rule.minimumStep > rule.maximumStep {
            reader.refuse(
                "minimumStep", because: "it is more than maximumStep, \(rule.maximumStep); make it at most that.")
        }
        return rule
    }

    package var name: String { "rprop" }
    package var needsWholeSet: Bool { !miniBatches }
    package var slots: [Slot] { [Slot("previousGradients"), Slot("stepSizes", initial: .learningRate)] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateRprop(
            parameters: parameters + start, gradients: gradients + start, previous: slots[0] + start,
            steps: slots[1] + start, count: range.count, terms: step.terms(),
            coefficients: RpropCoefficients(
                decrease: Float(decrease), increase: Float(increase), minimumStep: Float(minimumStep),
                maximumStep: Float(maximumStep)))
    }
}
