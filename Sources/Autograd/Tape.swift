import Kernels
import TensorCore

/// Records the operations of one worker's forward pass and runs them backward; reused from grain to grain.
///
/// Gradients of parameters are written straight into the grain's flat vector. A tape, its pool and all its variables
/// stay on one thread.
package final class Tape {
    /// Computes the inputs' gradients from the output's; it may overwrite that tensor when it is its only owner.
    typealias Pullback = (_ tape: Tape, _ gradient: inout Tensor) -> Void

    private struct Node {
        var pullback: Pullback?
        var gradient: Tensor?
    }

    package let pool: StoragePool
    package let layout: ModelLayout
    private let values: Storage
    private let willRead: ((Parameter) -> Void)?
    private var nodes: [Node] = []

    /// Whether results are searched for numbers that are not finite, at the cost of a pass over each.
    package var searchesNonFinite = false
    /// Since the latest ``begin(gradients:onProgress:)`` of a tape that searches, the first result with such a number.
    package private(set) var nonFinite: NonFiniteResult?
    private var latestParameter: Parameter?

    // The grain's flat vector and what has been written of it.
    private var gradients: UnsafeMutablePointer<Float>?
    private var isWritten: [Bool]
    private var pendingUses: [Int]
    private var completed = 0
    private var onProgress: ((Int) -> Void)?

    /// - Parameters:
    ///   - values: the model's flat memory of this layout; read only by operations.
    ///   - willRead: called before each use of a parameter; its values may change until it returns.
    package init(
        layout: ModelLayout, values: FlatBuffer, pool: StoragePool = StoragePool(),
        willRead: ((Parameter) -> Void)? = nil
    ) {
        precondition(values.count >= layout.count, "Tape: \(values.count) values for a layout of \(layout.count)")
        self.layout = layout
        self.pool = pool
        self.willRead = willRead
        self.values = Storage(borrowing: values.pointer, count: values.count, owner: values)
        isWritten = Array(repeating: false, count: layout.parameters.count)
        pendingUses = Array(repeating: 0, count: layout.parameters.count)
        nodes.reserveCapacity(256)
    }

    // MARK: - Forward

    /// Begins a grain.
    ///
    /// - Parameters:
    ///   - gradients: flat memory of the layout for the gradients and statistics; nil records nothing (evaluation).
    ///   - onProgress: called in backward with the count of floats at the front of `gradients` that are final.
    package func begin(gradients: UnsafeMutablePointer<Float>?, onProgress: ((Int) -> Void)? = nil) {
        nodes.removeAll(keepingCapacity: true)
        self.gradients = gradients
        self.onProgress = onProgress
        completed = 0
        nonFinite = nil
        latestParameter = nil
        for index in isWritten.indices {
            isWritten[index] = false
            pendingUses[index] = 0
        }
    }

    var isRecording: Bool { gradients != nil }

    /// A value that needs no gradient.
    package func constant(_ value: Tensor) -> Variable { Variable(value: value, identity: .constant, tape: self) }

    /// An input whose gradient ``gradient(of:)`` gives after backward.
    package func input(_ value: Tensor) -> Variable {
        nodes.append(Node(pullback: nil, gradient: nil))
        return Variable(value: value, identity: .node(nodes.count - 1), tape: self)
    }

    /// A use of a parameter.
    package func parameter(_ parameter: Parameter) -> Variable {
        willRead?(parameter)
        if searchesNonFinite { latestParameter = parameter }
        let value = Tensor(storage: values, offset: layout.offsets[parameter.index], shape: parameter.shape)
        guard isRecording && parameter.isTrainable else { return constant(value) }
        pendingUses[parameter.index] += 1
        return Variable(value: value, identity: .parameter(parameter.index), tape: self)
    }

    /// The result of an operation; `pullback` is kept only when an input needs a gradient.
    func record(
        _ value: Tensor, _ a: Variable, _ b: Variable? = nil, _ c: Variable? = nil, pullback: @escaping Pullback
    ) -> Variable {
        record(
            value, needsGradient: a.needsGradient || b?.needsGradient ?? false || c?.needsGradient ?? false, pullback)
    }

    /// As ``record(_:_:_:_:pullback:)`` for any number of inputs.
    func record(_ value: Tensor, all inputs: [Variable], pullback: @escaping Pullback) -> Variable {
        record(value, needsGradient: inputs.contains { $0.needsGradient }, pullback)
    }

    private func record(_ value: Tensor, needsGradient: Bool, _ pullback: @escaping Pullback) -> Variable {
        if searchesNonFinite, nonFinite == nil { nonFinite = NonFiniteResult(value, after: latestParameter) }
        guard needsGradient else { return constant(value) }
        nodes.append(Node(pullback: pullback, gradient: nil))
        return Variable(value: value, identity: .node(nodes.count - 1), tape: self)
    }

    /// Where a statistic's contribution of this grain goes (already multiplied by the sample count); nil when nothing
    /// is recorded.
    func statistic(_ parameter: Parameter) -> UnsafeMutablePointer<Float>? {
        guard let gradients else { return nil }
        precondition(!parameter.isTrainable, "statistic: \(parameter.name) is trainable")
        isWritten[parameter.index] = true
        return gradients + layout.offsets[parameter.index]
    }

    // MARK: - Backward

    /// Runs backward from a scalar with gradient `seed`; then every float of the grain's flat vector is final.
    package func backward(from loss: Variable, seed: Float = 1) {
        precondition(loss.value.count == 1, "backward: the loss has shape \(loss.shape), not one element")
        let gradient = Tensor(loss.shape, pool: pool)
        gradient.fill(seed)
        backward(from: loss, gradient: gradient)
    }

    /// Runs backward from any value with the given gradient.
    package func backward(from output: Variable, gradient: Tensor) {
        precondition(
            gradient.shape == output.shape, "backward: gradient \(gradient.shape) for a value of shape \(output.shape)")
        accumulate(gradient, into: output)
        var index = nodes.count - 1
        while index >= 0 {
            if let pullback = nodes[index].pullback {
                nodes[index].pullback = nil
                if var gradient = nodes[index].gradient {
                    nodes[index].gradient = nil
                    pullback(self, &gradient)
                }
            }
            index -= 1
        }
        finish()
    }

    /// The gradient of an ``input(_:)`` after backward; nil when the output does not depend on it.
    package func gradient(of variable: Variable) -> Tensor? {
        guard case .node(let index) = variable.identity else { return nil }
        return nodes[index].gradient
    }

    /// Zeroes what no operation wrote (parameters of branches that the loss does not depend on), and reports the end.
    private func finish() {
        guard let gradients else { return }
        for parameter in layout.parameters where !isWritten[parameter.index] {
            (gradients + layout.offsets[parameter.index]).update(repeating: 0, count: parameter.shape.count)
            isWritten[parameter.index] = true
        }
        completed = layout.trainableOrder.count
        onProgress?(layout.count)
        onProgress = nil
    }

    // MARK: - What pullbacks use

    /// Lets `write(destination, accumulate)` put the gradient of `variable` where it belongs; nothing when it needs
    /// none.
    func accumulate(into variable: Variable, _ write: (UnsafeMutablePointer<Float>, Bool) -> Void) {
        switch variable.identity {
        case .constant: return
        case .node(let index):
            if var gradient = nodes[index].gradient {
                nodes[index].gradient = nil
                if gradient.isUniquelyOwned() {
                    write(gradient.pointer, true)
                    nodes[index].gradient = gradient
                } else {
                    let copy = Tensor(gradient.shape, pool: pool)
                    copy.copy(from: gradient)
                    write(copy.pointer, true)
                    nodes[index].gradient = copy
                }
            } else {
                let gradient = Tensor(variable.shape, pool: pool)
                write(gradient.pointer, false)
                nodes[index].gradient = gradient
            }
        case .parameter(let index):
            guard let gradients else { return }
            write(gradients + layout.offsets[index], isWritten[index])
            isWritten[index] = true
            pendingUses[index] -= 1
            reportProgress()
        }
    }

    /// Adds `gradient` to the gradient of `variable`, sharing the memory where it is the first.
    func accumulate(_ gradient: Tensor, into variable: Variable) {
        if case .node(let index) = variable.identity, nodes[index].gradient == nil {
            nodes[index].gradient = gradient.reshaped(variable.shape)
            return
        }
        accumulate(into: variable) { destination, accumulate in
            if accumulate {
                add(UnsafePointer(destination), gradient.pointer, into: destination, count: gradient.count)
            } else {
                destination.update(from: gradient.pointer, count: gradient.count)
            }
        }
    }

    private func reportProgress() {
        guard let onProgress else { return }
        let order = layout.trainableOrder
        let before = completed
        while completed < order.count, isWritten[order[completed]], pendingUses[order[completed]] == 0 {
            completed += 1
        }
        if completed > before {
            onProgress(completed == order.count ? layout.trainableCount : layout.offsets[order[completed]])
        }
    }
}
