import Kernels

/// Resilient propagation (Riedmiller and Braun 1993; the variant iRprop⁻ of Igel and Hüsken 2000, as PyTorch has it).
///
/// Each element has its own step size Δ: times `growth` while its gradient keeps its sign, times `shrinkage` when it
/// changes, and then the element rests for one step. θ ← θ − sign(g) Δ. The learning rate is only the first Δ;
/// schedules do not act. Meant for gradients of the whole training set. Signs are compared, not the product of two
/// gradients, which could underflow.
package struct Rprop: UpdateRule {
    /// η⁺.
    package let growth: Double
    /// η⁻.
    package let shrinkage: Double
    package let minimumStep: Double
    package let maximumStep: Double

    /// Throws `outOfRange` unless growth > 1, 0 < shrinkage < 1 and 0 < minimumStep ≤ maximumStep.
    package init(
        growth: Double = 1.2, shrinkage: Double = 0.5, minimumStep: Double = 1e-6, maximumStep: Double = 50
    ) throws(OptimizationError) {
        try OptimizationError.require(growth > 1 && growth.isFinite, "rprop", "growth", growth, allowed: "growth > 1")
        try OptimizationError.require(
            shrinkage > 0 && shrinkage < 1, "rprop", "shrinkage", shrinkage, allowed: "0 < shrinkage < 1")
        try OptimizationError.require(
            minimumStep > 0 && minimumStep <= maximumStep, "rprop", "minimumStep", minimumStep,
            allowed: "0 < minimumStep ≤ maximumStep")
        self.growth = growth
        self.shrinkage = shrinkage
        self.minimumStep = minimumStep
        self.maximumStep = maximumStep
    }

    package var name: String { "rprop" }
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
                growth: Float(growth), shrinkage: Float(shrinkage), minimumStep: Float(minimumStep),
                maximumStep: Float(maximumStep)))
    }
}
