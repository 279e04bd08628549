import Autograd
import DataParallel
import Foundation
import JobHealth
import Kernels

/// The update of a step's weights, parameter by parameter as the next forward pass first uses them, while the sums of
/// other parameters' gradients still travel between hosts.
///
/// The order of updates does not change their bits. Whoever reads weights elsewhere calls ``settle()`` first.
///
/// `@unchecked Sendable`: all variables are under the condition's lock; a parameter is updated by the thread that
/// marked it.
package final class DeferredUpdate: @unchecked Sendable {
    /// Changes the weights and the optimiser's slots in a range of the phase's compact coordinates by the summed
    /// gradients.
    package typealias Update = (_ range: Range<Int>, _ gradients: UnsafePointer<Float>) -> Void

    private enum Stage { case settled, due, running }

    private let layout: GradientLayout
    private let condition = NSCondition()
    private var stages: [Stage]
    private var remaining = 0
    private var step = 0
    private var arrivals: SumArrivals?
    private var areGradients = true
    private var update: Update?
    private var failure: (any Error)?

    /// The summed gradient of a parameter is not finite; its weights are still those before the step.
    package struct NonFiniteGradient: Error {
        /// Counted from 0.
        package let step: Int
        package let parameter: String
    }

    /// Updates of what a phase trains.
    package init(layout: GradientLayout) {
        self.layout = layout
        stages = Array(repeating: .settled, count: layout.arena.parameters.count)
    }

    /// From now on all trainable parameters are due; the previous step's have been settled.
    ///
    /// - Parameter areGradients: whether gradients come, of which all must be finite, or new weights made of such.
    package func begin(
        step: Int, _ arrivals: SumArrivals, areGradients: Bool = true, update: @escaping Update
    ) {
        condition.lock()
        defer { condition.unlock() }
        precondition(remaining == 0, "DeferredUpdate: step \(step) begins before the previous one is settled")
        for index in layout.order { stages[index] = .due }
        remaining = layout.order.count
        self.step = step
        self.arrivals = arrivals
        self.areGradients = areGradients
        self.update = update
    }

    /// Returns when a parameter has its new weights, or keeps the old ones because the step has failed.
    package func bringUpToDate(_ parameter: Parameter) {
        condition.lock()
        defer { condition.unlock() }
        while stages[parameter.index] != .settled {
            if stages[parameter.index] == .running {
                condition.wait()
                continue
            }
            stages[parameter.index] = .running
            let isFailed = failure != nil
            condition.unlock()
            let result = Result { if !isFailed { try change(parameter) } }
            condition.lock()
            if case .failure(let error) = result, failure == nil { failure = error }
            stages[parameter.index] = .settled
            remaining -= 1
            condition.broadcast()
        }
    }

    /// Brings all parameters up to date, in the order in which their sums come.
    ///
    /// - Throws: ``NonFiniteGradient``, or why sums did not come.
    package func settle() throws {
        condition.lock()
        let isDue = remaining > 0
        condition.unlock()
        if isDue { for index in layout.order.reversed() { bringUpToDate(layout.arena.parameters[index]) } }
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
    }

    private func change(_ parameter: Parameter) throws {
        guard let arrivals, let update, let start = layout.offset(of: parameter.index) else { return }
        let range = start..<start + parameter.shape.count
        let gradients = try Activity.waitingForRanks { try arrivals.wait(for: range) }
        guard !areGradients || firstNonFinite(gradients + start, count: range.count) == nil else {
            throw NonFiniteGradient(step: step, parameter: parameter.name)
        }
        update(range, gradients)
    }
}
