import Kernels

/// Stochastic gradient descent: θ ← θ − η g.
public struct SGD: UpdateRule {
    public init() {}

    public var name: String { "sgd" }
    public var slots: [Slot] { [] }

    public func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateSGD(
            parameters: parameters + start, gradients: gradients + start, count: range.count, terms: step.terms(),
            learningRate: Float(step.learningRate))
    }
}
