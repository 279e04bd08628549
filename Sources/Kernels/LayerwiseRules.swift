/// What rules go by whose steps depend on norms over a whole parameter, and the loop of LAMB.

/// Sums of squares over a piece of a parameter: of its weights, and of the direction in which its rule would go.
package struct SquareSums: Equatable, Sendable, BitwiseCopyable {
    /// Σ θ².
    package var weights: Double
    /// Σ d², d the direction.
    package var direction: Double

    package init(weights: Double = 0, direction: Double = 0) {
        self.weights = weights
        self.direction = direction
    }
}

/// Σ θ² and Σ g² of the gradient that a rule sees, in a fixed order.
package func gradientSquareSums(
    parameters: UnsafePointer<Float>, gradients: UnsafePointer<Float>, count: Int, terms: GradientTerms
) -> SquareSums {
    SquareSums(
        weights: sumOfSquares(parameters, count: count),
        direction: sumOfSquares(count: count) { start, direction in
            for i in direction.indices {
                direction[i] = terms.applied(to: gradients[start + i], at: parameters[start + i])
            }
        })
}

/// The numbers of one step of LAMB, bias corrections included.
package struct LAMBCoefficients: Equatable, Sendable {
    /// β₁ and 1 − β₁.
    package var beta1, beta1Complement: Float
    /// β₂ and 1 − β₂.
    package var beta2, beta2Complement: Float
    /// 1 − β₁ᵗ and √(1 − β₂ᵗ).
    package var momentumCorrection, squaresCorrection: Float
    package var epsilon: Float
    /// λ.
    package var weightDecay: Float

    package init(
        beta1: Float, beta1Complement: Float, beta2: Float, beta2Complement: Float, momentumCorrection: Float,
        squaresCorrection: Float, epsilon: Float, weightDecay: Float
    ) {
        self.beta1 = beta1
        self.beta1Complement = beta1Complement
        self.beta2 = beta2
        self.beta2Complement = beta2Complement
        self.momentumCorrection = momentumCorrection
        self.squaresCorrection = squaresCorrection
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// The new averages and the direction of one element: Adam's, and λ θ.
    @inline(__always)
    fileprivate func step(
        _ g: Float, at parameter: Float, momentum: Float, squares: Float
    ) -> (momentum: Float, squares: Float, direction: Float) {
        let m = beta1 * momentum + beta1Complement * g
        let s = beta2 * squares + beta2Complement * (g * g)
        let adam = (m / momentumCorrection) / (s.squareRoot() / squaresCorrection + epsilon)
        return (m, s, adam + weightDecay * parameter)
    }
}

/// Σ θ² and Σ d² of the direction of LAMB's next step, in a fixed order; changes nothing.
package func lambSquareSums(
    parameters: UnsafePointer<Float>, gradients: UnsafePointer<Float>, momentum: UnsafePointer<Float>,
    squares: UnsafePointer<Float>, count: Int, terms: GradientTerms, coefficients k: LAMBCoefficients
) -> SquareSums {
    SquareSums(
        weights: sumOfSquares(parameters, count: count),
        direction: sumOfSquares(count: count) { start, direction in
            for i in direction.indices {
                let place = start + i
                let g = terms.applied(to: gradients[place], at: parameters[place])
                direction[i] =
                    k.step(g, at: parameters[place], momentum: momentum[place], squares: squares[place]).direction
            }
        })
}

/// m ← β₁ m + (1 − β₁) g; s ← β₂ s + (1 − β₂) g²; θ ← θ − stepSize · (m̂ / (√ŝ + ε) + λ θ).
package func updateLAMB(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, momentum: UnsafeMutablePointer<Float>,
    squares: UnsafeMutablePointer<Float>, count: Int, terms: GradientTerms, coefficients k: LAMBCoefficients,
    stepSize: Float
) {
    for i in 0..<count {
        let g = terms.applied(to: gradients[i], at: parameters[i])
        let next = k.step(g, at: parameters[i], momentum: momentum[i], squares: squares[i])
        momentum[i] = next.momentum
        squares[i] = next.squares
        parameters[i] -= stepSize * next.direction
    }
}

/// Σ d² of `count` values that `fill` computes block by block; `start` is the first of a block.
private func sumOfSquares(
    count: Int, _ fill: (_ start: Int, _ block: UnsafeMutableBufferPointer<Float>) -> Void
) -> Double {
    let blockCount = 1024
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: blockCount) { block in
        guard let memory = block.baseAddress else { return 0 }
        var sum = 0.0
        for start in stride(from: 0, to: count, by: blockCount) {
            let length = min(blockCount, count - start)
            fill(start, UnsafeMutableBufferPointer(start: memory, count: length))
            sum += sumOfSquares(memory, count: length)
        }
        return sum
    }
}
