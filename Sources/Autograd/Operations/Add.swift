import Kernels
import TensorCore

/// a + b, of the same shape; then max(0, y) where `rectify` says so (the end of a residual block, He et al. 2016).
package func add(_ a: Variable, _ b: Variable, rectify: Bool = false) -> Variable {
    precondition(a.shape == b.shape, "add: \(a.shape) + \(b.shape)")
    let y = a.makeTensor(a.shape)
    if rectify {
        addRectified(a.value.pointer, b.value.pointer, into: y.pointer, count: y.count)
    } else {
        Kernels.add(a.value.pointer, b.value.pointer, into: y.pointer, count: y.count)
    }
    let output = rectify ? y : nil
    return a.tape.record(y, a, b) { [a = a.target, b = b.target] tape, dy in
        if let output { dy = rectified(dy, output: output, tape) }
        tape.accumulate(dy, into: a)
        tape.accumulate(dy, into: b)
    }
}

/// Σᵢ wᵢ · lossᵢ of scalars: several losses with their weights (multi-task learning).
package func weightedSum(_ terms: [(variable: Variable, weight: Float)]) -> Variable {
    precondition(
        !terms.isEmpty && terms.allSatisfy { $0.variable.value.count == 1 }, "weightedSum: terms must be scalars")
    return terms.dropFirst().reduce(scaled(terms[0].variable, by: terms[0].weight)) { sum, term in
        add(sum, scaled(term.variable, by: term.weight))
    }
}

/// s · x.
package func scaled(_ x: Variable, by s: Float) -> Variable {
    if s == 1 { return x }
    let y = x.makeTensor(x.shape)
    scale(x.value.pointer, by: s, into: y.pointer, count: y.count)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            scale(gradient.pointer, by: s, into: dx, count: gradient.count, accumulate: accumulate)
        }
    }
}
