/// The loops of the update rules: one pass over memory each; θ parameter, g gradient, everything else element-wise too.
///
/// Plain loops on purpose: the compiler vectorises them, and as Swift neither reassociates nor fuses floating-point
/// operations, vector body and scalar tail compute the same IEEE operations in the same order. So an element's new bits
/// depend on its own old bits alone: a range may be split anywhere, on any thread, for any processor.
/// (Explicit `SIMD16` selects compile to quarter vectors; these loops compile to whole ones, square roots included.)

/// What happens to a summed gradient before a rule sees it:
/// g ← clamp(scale · g, −limit, limit) + l2 · θ + l1 · sign(θ).
package struct GradientTerms: Equatable, Sendable {
    package var scale: Float
    package var limit: Float
    package var l2: Float
    package var l1: Float

    package init(scale: Float = 1, limit: Float = .infinity, l2: Float = 0, l1: Float = 0) {
        self.scale = scale
        self.limit = limit
        self.l2 = l2
        self.l1 = l1
    }

    /// The gradient that the rule sees; NaN stays NaN.
    @inline(__always)
    func applied(to gradient: Float, at parameter: Float) -> Float {
        let mean = gradient * scale
        let clipped = mean > limit ? limit : mean < -limit ? -limit : mean
        return (clipped + parameter * l2) + sign(parameter) * l1
    }
}

/// θ ← θ − η g.
package func updateSGD(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, count: Int,
    terms: GradientTerms, learningRate: Float
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        parameters[i] -= learningRate * g
    }
}

/// v ← γ v + g; θ ← θ − η v, or with Nesterov's look-ahead θ ← θ − η (g + γ v).
package func updateMomentum(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>,
    count: Int, terms: GradientTerms, learningRate: Float, momentum: Float, nesterov: Bool
) {
    if nesterov {
        for i in 0..<count {
            let g = terms.applied(to: gradients[i], at: parameters[i])
            let v = momentum * velocity[i] + g
            velocity[i] = v
            parameters[i] -= learningRate * (g + momentum * v)
        }
    } else {
        for i in 0..<count {
            let g = terms.applied(to: gradients[i], at: parameters[i])
            let v = momentum * velocity[i] + g
            velocity[i] = v
            parameters[i] -= learningRate * v
        }
    }
}

/// v ← γ v + η g; θ ← θ − v, or with Nesterov's look-ahead θ ← θ − (η g + γ v): the rate is part of the velocity.
package func updateRatedMomentum(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>,
    count: Int, terms: GradientTerms, learningRate: Float, momentum: Float, nesterov: Bool
) {
    if nesterov {
        for i in 0..<count {
            let change = learningRate * terms.applied(to: gradients[i], at: parameters[i])
            let v = momentum * velocity[i] + change
            velocity[i] = v
            parameters[i] -= change + momentum * v
        }
    } else {
        for i in 0..<count {
            let change = learningRate * terms.applied(to: gradients[i], at: parameters[i])
            let v = momentum * velocity[i] + change
            velocity[i] = v
            parameters[i] -= v
        }
    }
}

/// s ← s + g²; θ ← θ − η g / (√s + ε).
package func updateAdagrad(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, squares: UnsafeMutablePointer<Float>,
    count: Int, terms: GradientTerms, learningRate: Float, epsilon: Float
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        let s = squares[i] + g * g
        squares[i] = s
        parameters[i] -= (learningRate * g) / (s.squareRoot() + epsilon)
    }
}

/// s ← ρ s + (1 − ρ) g²; Δ = √(u + ε) / √(s + ε) · g; u ← ρ u + (1 − ρ) Δ²; θ ← θ − η Δ.
package func updateAdadelta(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, squares: UnsafeMutablePointer<Float>,
    updates: UnsafeMutablePointer<Float>, count: Int,
    terms: GradientTerms, learningRate: Float, decay: Float, complement: Float, epsilon: Float
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        let s = decay * squares[i] + complement * (g * g)
        let change = ((updates[i] + epsilon).squareRoot() / (s + epsilon).squareRoot()) * g
        squares[i] = s
        updates[i] = decay * updates[i] + complement * (change * change)
        parameters[i] -= learningRate * change
    }
}

/// s ← α s + (1 − α) g²; θ ← θ − η g / (√s + ε).
package func updateRMSprop(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, squares: UnsafeMutablePointer<Float>,
    count: Int, terms: GradientTerms, learningRate: Float, decay: Float, complement: Float, epsilon: Float
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        let s = decay * squares[i] + complement * (g * g)
        squares[i] = s
        parameters[i] -= (learningRate * g) / (s.squareRoot() + epsilon)
    }
}

/// s ← α s + (1 − α) g²; v ← γ v + g / (√s + ε); θ ← θ − η v.
package func updateRMSpropMomentum(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, squares: UnsafeMutablePointer<Float>,
    velocity: UnsafeMutablePointer<Float>, count: Int,
    terms: GradientTerms, learningRate: Float, decay: Float, complement: Float, epsilon: Float, momentum: Float
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        let s = decay * squares[i] + complement * (g * g)
        let v = momentum * velocity[i] + g / (s.squareRoot() + epsilon)
        squares[i] = s
        velocity[i] = v
        parameters[i] -= learningRate * v
    }
}

/// The numbers of one step of Adam, bias corrections included.
package struct AdamCoefficients: Equatable, Sendable {
    /// β₁ and 1 − β₁.
    package var beta1, beta1Complement: Float
    /// β₂ and 1 − β₂.
    package var beta2, beta2Complement: Float
    /// η / (1 − β₁ᵗ).
    package var stepSize: Float
    /// √(1 − β₂ᵗ).
    package var correction: Float
    package var epsilon: Float
    /// 1 − η λ for decoupled weight decay, else 1.
    package var shrinkage: Float

    package init(
        beta1: Float, beta1Complement: Float, beta2: Float, beta2Complement: Float, stepSize: Float,
        correction: Float, epsilon: Float, shrinkage: Float
    ) {
        self.beta1 = beta1
        self.beta1Complement = beta1Complement
        self.beta2 = beta2
        self.beta2Complement = beta2Complement
        self.stepSize = stepSize
        self.correction = correction
        self.epsilon = epsilon
        self.shrinkage = shrinkage
    }
}

/// m ← β₁ m + (1 − β₁) g; s ← β₂ s + (1 − β₂) g²; θ ← shrinkage · θ − stepSize · m / (√s / correction + ε).
package func updateAdam(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, momentum: UnsafeMutablePointer<Float>,
    squares: UnsafeMutablePointer<Float>, count: Int, terms: GradientTerms, coefficients k: AdamCoefficients
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        let m = k.beta1 * momentum[i] + k.beta1Complement * g
        let s = k.beta2 * squares[i] + k.beta2Complement * (g * g)
        momentum[i] = m
        squares[i] = s
        parameters[i] = k.shrinkage * parameters[i] - (k.stepSize * m) / (s.squareRoot() / k.correction + k.epsilon)
    }
}

/// m ← β₁ m + (1 − β₁) g; u ← max(β₂ u, |g| + ε); θ ← θ − stepSize · m / u.
package func updateAdamax(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, momentum: UnsafeMutablePointer<Float>,
    maxima: UnsafeMutablePointer<Float>, count: Int,
    terms: GradientTerms, stepSize: Float, beta1: Float, beta1Complement: Float, beta2: Float, epsilon: Float
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        let m = beta1 * momentum[i] + beta1Complement * g
        let kept = beta2 * maxima[i]
        let size = abs(g) + epsilon
        let u = size > kept ? size : kept
        momentum[i] = m
        maxima[i] = u
        parameters[i] -= (stepSize * m) / u
    }
}

/// The factors and bounds of Rprop's step sizes.
package struct RpropCoefficients: Equatable, Sendable {
    package var decrease, increase, minimumStep, maximumStep: Float

    package init(decrease: Float, increase: Float, minimumStep: Float, maximumStep: Float) {
        self.decrease = decrease
        self.increase = increase
        self.minimumStep = minimumStep
        self.maximumStep = maximumStep
    }
}

/// Δ grows where g kept its sign and shrinks where it changed, and there g ← 0; θ ← θ − sign(g) Δ; previous ← g.
package func updateRprop(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, previous: UnsafeMutablePointer<Float>,
    steps: UnsafeMutablePointer<Float>, count: Int, terms: GradientTerms, coefficients k: RpropCoefficients
) {
    for i in 0..<count {
        let raw = terms.applied(to: gradients[i], at: parameters[i])
        let agreement = sign(raw) * sign(previous[i])
        let step = steps[i] * (agreement > 0 ? k.increase : agreement < 0 ? k.decrease : 1)
        let bounded = step < k.minimumStep ? k.minimumStep : step > k.maximumStep ? k.maximumStep : step
        let g = agreement < 0 ? 0 : raw
        steps[i] = bounded
        previous[i] = g
        parameters[i] -= sign(g) * bounded
    }
}

/// s ← s + α (θ − s); θ ← s: both meet at the slow weights' new place.
package func updateLookahead(
    parameters: UnsafeMutablePointer<Float>, slow: UnsafeMutablePointer<Float>, count: Int, alpha: Float
) {
    for i in 0..<count {
        let met = slow[i] + alpha * (parameters[i] - slow[i])
        slow[i] = met
        parameters[i] = met
    }
}

/// a ← a + (1 − decay) (θ − a): an exponential moving average of the parameters.
package func updateAverage(
    averages: UnsafeMutablePointer<Float>, parameters: UnsafePointer<Float>, count: Int, complement: Float
) {
    for i in 0..<count { averages[i] += complement * (parameters[i] - averages[i]) }
}

/// −1, 0 or 1; NaN gives 0.
@inline(__always)
private func sign(_ x: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : 0 }
