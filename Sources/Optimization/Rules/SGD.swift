import ConfigurationReading
import Kernels

/// Stochastic gradient descent: θ ← θ − η g.
package struct SGD: UpdateRule {
    package init() {}

    static let entry = UpdateRuleEntry("sgd", "Stochastic gradient descent, with momentum if given.") {
        Momentum.rule(from: $0, momentum: 0, nesterov: false)
    }

    package var name: String { "sgd" }
    package var slots: [Slot] { [] }

    package func update(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], step: UpdateStep
    ) {
        let start = range.lowerBound
        updateSGD(
            parameters: parameters + start, gradients: gradients + start, count: range.count, terms: step.terms(),
            learningRate: Float(step.learningRate))
    }
}
