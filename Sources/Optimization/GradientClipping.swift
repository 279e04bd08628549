/// How gradients are kept small.
package enum GradientClipping: Equatable, Sendable {
    case none
    /// Each element of the mean gradient is clamped to −limit…limit.
    case value(limit: Double)
    /// The mean gradient of all trained parameters is scaled to have at most this Euclidean norm (Pascanu et al. 2013).
    case globalNorm(maximum: Double)

    /// Throws `outOfRange` unless the bound is positive.
    package func validate() throws(OptimizationError) {
        switch self {
        case .none: break
        case .value(let limit):
            try OptimizationError.require(limit > 0, "clipping", "value", limit, allowed: "value > 0")
        case .globalNorm(let norm):
            try OptimizationError.require(norm > 0, "clipping", "norm", norm, allowed: "norm > 0")
        }
    }

    /// The bound on each element; infinity when clipping is not by value.
    package var limit: Double {
        if case .value(let limit) = self { return limit }
        return .infinity
    }

    /// `gradientScale` times min(1, maximum / (norm + 10⁻⁶)), as PyTorch's `clip_grad_norm_`; `norm` is the mean
    /// gradient's.
    ///
    /// A norm that is not finite leaves the scale as it is: the caller stops the job or skips the step.
    package func scale(_ gradientScale: Double, norm: Double) -> Double {
        guard case .globalNorm(let maximum) = self, norm.isFinite else { return gradientScale }
        return gradientScale * min(1, maximum / (norm + 1e-6))
    }
}
