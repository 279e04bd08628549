import Kernels
import TensorCore

extension Tape {
    /// Runs backward from a scalar with gradient `seed`; then every float of the grain's vector before the metric sums
    /// is final.
    package func backward(from loss: Variable, seed: Float = 1) {
        precondition(loss.value.count == 1, "backward: the loss has shape \(loss.shape), not one element")
        let gradient = Tensor(loss.shape, pool: pool)
        gradient.fill(seed)
        backward(from: loss, gradient: gradient)
    }

    /// Runs backward from any value with the given gradient.
    package func backward(from output: Variable, gradient: Tensor) { backward(from: [(output, gradient)]) }

    /// Runs backward once from several values, each with its gradient.
    package func backward(from outputs: [(value: Variable, gradient: Tensor)]) {
        for (output, gradient) in outputs {
            precondition(
                gradient.shape == output.shape,
                "backward: gradient \(gradient.shape) for a value of shape \(output.shape)")
            use(output)
            accumulate(gradient, into: output.target)
        }
        var index = nodes.count - 1
        while index >= 0 {
            runPullback(at: index)
            releaseUses(from: nodes[index].firstUse)
            index -= 1
        }
        finish()
    }

    /// The gradient of an ``input(_:)`` after backward; nil when the output does not depend on it.
    package func gradient(of variable: Variable) -> Tensor? {
        guard case .node(let index) = variable.identity else { return nil }
        return nodes[index].gradient
    }

    private func runPullback(at index: Int) {
        switch nodes[index].work {
        case .none: return
        case .one(let pullback):
            nodes[index].work = .none
            guard var gradient = nodes[index].gradient ?? zeros(forNode: index) else { return }
            nodes[index].gradient = nil
            pullback(self, &gradient)
        case .several(let count, let pullback):
            nodes[index].work = .none
            let results = index - count + 1...index
            let gradients = results.map { nodes[$0].gradient }
            guard gradients.contains(where: { $0 != nil }) else { return }
            for result in results { nodes[result].gradient = nil }
            pullback(self, gradients)
        }
    }

    /// The gradient of a node that backward passes although nothing depends on it; nil for others.
    private func zeros(forNode index: Int) -> Tensor? {
        guard let shape = passedAlways[index] else { return nil }
        let gradient = Tensor(shape, pool: pool)
        gradient.fill(0)
        return gradient
    }

    /// A node has been passed, whether or not its pullback ran: what it used is one use nearer to being final.
    private func releaseUses(from first: Int) {
        guard uses.count > first else { return }
        while uses.count > first {
            let parameter = uses.removeLast()
            pendingUses[parameter] -= 1
            precondition(
                pendingUses[parameter] >= 0,
                "backward: \(layout.parameters[parameter].name) was released more often than used")
        }
        reportProgress()
    }

    /// Reports what no operation will write any more; a weight that none has written gets zeros.
    private func reportProgress() {
        let order = vector.trained.order
        let before = completed
        while completed < order.count, pendingUses[order[completed]] == 0 {
            zeroUnlessWritten(order[completed])
            completed += 1
        }
        if completed > before, let onProgress {
            let end = completed < order.count ? vector.trained.offset(of: order[completed]) : nil
            onProgress(end ?? vector.trained.count)
        }
    }

    private func zeroUnlessWritten(_ index: Int) {
        guard let gradients, !isWritten[index], let offset = vector.trained.offset(of: index),
            factors?.weights.place(of: index) == nil
        else { return }
        (gradients + offset).update(repeating: 0, count: layout.parameters[index].shape.count)
        isWritten[index] = true
    }

    /// Zeroes what no operation wrote and reports the end.
    private func finish() {
        guard isRecording else { return }
        for index in vector.trained.order { zeroUnlessWritten(index) }
        completed = vector.trained.order.count
        onProgress?(vector.metrics.lowerBound)
        onProgress = nil
    }

    // MARK: - What pullbacks use

    /// Lets `write(destination, accumulate)` put the gradient of a value where it belongs; nothing when it needs none.
    package func accumulate(into target: GradientTarget, _ write: (UnsafeMutablePointer<Float>, Bool) -> Void) {
        switch target.identity {
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
                let gradient = Tensor(target.shape, pool: pool)
                write(gradient.pointer, false)
                nodes[index].gradient = gradient
            }
        case .parameter(let index):
            guard let gradients, let offset = vector.trained.offset(of: index) else { return }
            requireInput(index)
            precondition(
                factors?.weights.place(of: index) == nil,
                "accumulate: the gradient of \(layout.parameters[index].name) is no product of two factors")
            write(gradients + offset, isWritten[index])
            isWritten[index] = true
        }
    }

    /// Adds dyᵀ x to the gradient of a value [O, I], or leaves the two factors where that is agreed on.
    ///
    /// - Parameters:
    ///   - dy: rows · O floats.
    ///   - x: rows · I floats.
    func accumulateProduct(
        into target: GradientTarget, rows: Int, dy: UnsafePointer<Float>, x: UnsafePointer<Float>
    ) {
        if case .parameter(let index) = target.identity, let factors, let place = factors.weights.place(of: index) {
            requireInput(index)
            return factors.append(place, rows: rows, dy: dy, x: x)
        }
        let (outputs, inputs) = (target.shape[0], target.shape[1])
        accumulate(into: target) { gradient, accumulate in
            layerProduct(
                m: outputs, n: inputs, k: rows, dy, lda: outputs, transposeA: true, x, ldb: inputs, into: gradient,
                ldc: inputs, accumulate: accumulate)
        }
    }

    private func requireInput(_ index: Int) {
        precondition(
            pendingUses[index] > 0,
            "accumulate: \(layout.parameters[index].name) is no input of the operation that is being passed")
    }

    /// Adds `gradient` to the gradient of a value, sharing the memory where it is the first.
    package func accumulate(_ gradient: Tensor, into target: GradientTarget) {
        if case .node(let index) = target.identity, nodes[index].gradient == nil {
            nodes[index].gradient = gradient.reshaped(target.shape)
            return
        }
        accumulate(into: target) { destination, accumulate in
            if accumulate {
                add(UnsafePointer(destination), gradient.pointer, into: destination, count: gradient.count)
            } else {
                destination.update(from: gradient.pointer, count: gradient.count)
            }
        }
    }
}
