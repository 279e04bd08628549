import Kernels

/// A flat buffer of optimiser state, laid out like the parameters.
package struct Slot: Equatable, Sendable {
    /// What the buffer holds before the first step.
    package enum Initial: Equatable, Sendable {
        case zero
        /// The learning rate at the start, times the parameter group's factor.
        case learningRate
        /// The weights that the phase begins with.
        case weights
    }

    /// The name in checkpoints, for example `momentum`.
    package let name: String
    package let initial: Initial

    package init(_ name: String, initial: Initial = .zero) {
        self.name = name
        self.initial = initial
    }
}

/// The numbers of one step over one range: what schedule, clipping and parameter groups decide.
package struct UpdateStep: Equatable, Sendable {
    /// η of this range: the scheduled rate times the group's factor.
    package var learningRate: Double
    /// Multiplies the summed gradient: 1 / (global sample count), times the factor of global norm clipping.
    package var gradientScale: Double
    /// Bound on the absolute value of each scaled gradient; infinity does not clip.
    package var gradientLimit: Double
    /// λ: adds λθ to the gradient (the gradient of λ/2 · ‖θ‖²), or shrinks θ by ηλ where the rule decouples it.
    package var weightDecay: Double
    /// Adds l1 · sign(θ) to the gradient (the subgradient of l1 · ‖θ‖₁, 0 at 0).
    package var l1: Double
    /// The number of this update, counted from 1 (Adam's t).
    package var number: Int
    /// What a ``LayerwiseRule`` multiplies the rate of this range's parameter by.
    package var trustRatio: Double

    package init(
        learningRate: Double, gradientScale: Double = 1, gradientLimit: Double = .infinity, weightDecay: Double = 0,
        l1: Double = 0, number: Int = 1, trustRatio: Double = 1
    ) {
        self.learningRate = learningRate
        self.gradientScale = gradientScale
        self.gradientLimit = gradientLimit
        self.weightDecay = weightDecay
        self.l1 = l1
        self.number = number
        self.trustRatio = trustRatio
    }

    /// The kernel's view of the gradient; a rule that decouples weight decay leaves it out here.
    func terms(decoupled: Bool = false) -> GradientTerms {
        GradientTerms(
            scale: Float(gradientScale), limit: Float(gradientLimit), l2: decoupled ? 0 : Float(weightDecay),
            l1: Float(l1))
    }

    /// 1 − shareᵗ with this update's number t: what the weights of a moving average that began with 0 add up to, when
    /// each update keeps `share` of it (Kingma and Ba 2015, section 3).
    ///
    /// The power is taken by repeated squaring: the same bits with every C library.
    func biasCorrection(_ share: Double) -> Double {
        var power = 1.0
        var square = share
        var remaining = number
        while remaining > 0 {
            if remaining & 1 == 1 { power *= square }
            square *= square
            remaining >>= 1
        }
        return 1 - power
    }
}

/// An update rule: hyper-parameters as an immutable value; its state lives in slots that the caller owns.
///
/// An update is element-wise and one pass over memory, so that threads may update disjoint ranges with the same bits.
///
/// A new rule is one file: its keys with their ranges (an ``UpdateRuleEntry`` in ``updateRuleCatalogue``) and the call
/// of its kernel.
package protocol UpdateRule: Sendable, Equatable {
    /// The name in configs and reports.
    var name: String { get }
    /// The state buffers, in the order in which `update` expects them.
    var slots: [Slot] { get }
    /// Whether the rule needs the gradients of the whole training set, unless its configuration says otherwise.
    var needsWholeSet: Bool { get }
    /// Updates the elements of `range`: reads parameters, gradients and slots, writes parameters and slots.
    ///
    /// All pointers are to the first element of a whole flat buffer; `slots` are as many as the rule names.
    func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep)
}

extension UpdateRule {
    package var needsWholeSet: Bool { false }
}

/// A rule whose step for a matrix or filter depends on norms over the whole of it: LARS, LAMB.
///
/// An update has two passes. The first reads: it sums squares over pieces of a fixed size (``Optimizer/measure``),
/// which threads share out. The second updates elements as any rule does, with a ``UpdateStep/trustRatio`` from the
/// sums, which are added in the pieces' order; so the bits depend neither on threads nor on how ranges are cut. Vectors
/// have no norm: their ratio is 1, as is usual for biases and normalisation (You et al. 2020, section 4).
package protocol LayerwiseRule: UpdateRule {
    /// Σ θ² and Σ of the squares of what the rule takes the norm of, over a range; otherwise as `update`.
    func squareSums(
        _ range: Range<Int>, parameters: UnsafePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) -> SquareSums
    /// The trust ratio from the norms of a whole parameter; `step` is as for its update.
    func trustRatio(weights: Double, direction: Double, step: UpdateStep) -> Double
}
