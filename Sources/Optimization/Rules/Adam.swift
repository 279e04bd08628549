import Kernels

/// Adam (Kingma and Ba 2015, algorithm 1) and, with decoupled weight decay, AdamW (Loshchilov and Hutter 2019).
///
/// m ← β₁ m + (1 − β₁) g; s ← β₂ s + (1 − β₂) g²; θ ← θ − η / (1 − β₁ᵗ) · m / (√s / √(1 − β₂ᵗ) + ε).
/// AdamW first shrinks θ by ηλ and keeps λθ out of g; an L1 term is part of g in both.
package struct Adam: UpdateRule {
    /// β₁.
    package let momentum: Double
    /// β₂.
    package let decay: Double
    /// ε.
    package let epsilon: Double
    /// Whether weight decay acts on the parameter directly (AdamW) and not through the gradient.
    package let decouplesWeightDecay: Bool

    /// Throws `outOfRange` unless 0 ≤ momentum < 1, 0 ≤ decay < 1 and ε > 0.
    package init(
        momentum: Double = 0.9, decay: Double = 0.999, epsilon: Double = 1e-8, decouplesWeightDecay: Bool = false
    ) throws(OptimizationError) {
        let owner = decouplesWeightDecay ? "adamw" : "adam"
        try OptimizationError.require(
            momentum >= 0 && momentum < 1, owner, "momentum", momentum, allowed: "0 ≤ momentum < 1")
        try OptimizationError.require(decay >= 0 && decay < 1, owner, "decay", decay, allowed: "0 ≤ decay < 1")
        try OptimizationError.require(
            epsilon > 0 && epsilon.isFinite, owner, "epsilon", epsilon, allowed: "epsilon > 0")
        self.momentum = momentum
        self.decay = decay
        self.epsilon = epsilon
        self.decouplesWeightDecay = decouplesWeightDecay
    }

    package var name: String { decouplesWeightDecay ? "adamw" : "adam" }
    package var slots: [Slot] { [Slot("momentum"), Slot("squares")] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateAdam(
            parameters: parameters + start, gradients: gradients + start, momentum: slots[0] + start,
            squares: slots[1] + start, count: range.count, terms: step.terms(decoupled: decouplesWeightDecay),
            coefficients: coefficients(of: step))
    }

    private func coefficients(of step: UpdateStep) -> AdamCoefficients {
        AdamCoefficients(
            momentum: Float(momentum), momentumComplement: Float(1 - momentum),
            decay: Float(decay), decayComplement: Float(1 - decay),
            stepSize: Float(step.learningRate / (1 - power(momentum, step.number))),
            correction: Float((1 - power(decay, step.number)).squareRoot()),
            epsilon: Float(epsilon),
            shrinkage: decouplesWeightDecay ? Float(1 - step.learningRate * step.weightDecay) : 1)
    }
}

/// baseⁿ by repeated squaring: the same bits with every C library.
private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var remaining = exponent
    while remaining > 0 {
        if remaining & 1 == 1 { result *= square }
        square *= square
        remaining >>= 1
    }
    return result
}
