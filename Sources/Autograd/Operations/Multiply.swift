import Kernels
import TensorCore

/// a · b element by element, of the same shape.
package func multiply(_ a: Variable, _ b: Variable) -> Variable {
    precondition(a.shape == b.shape, "multiply: \(a.shape) · \(b.shape)")
    let y = a.makeTensor(a.shape)
    product(a.value.pointer, b.value.pointer, into: y.pointer, count: y.count)
    // Each factor's gradient needs the other one alone.
    let aValue = b.needsGradient ? a.value : nil
    let bValue = a.needsGradient ? b.value : nil
    return a.tape.record(y, a, b) { [a = a.target, b = b.target] tape, dy in
        let gradient = dy
        for (target, other) in [(a, bValue), (b, aValue)] {
            guard let other else { continue }
            tape.accumulate(into: target) { dx, accumulate in
                product(gradient.pointer, other.pointer, into: dx, count: gradient.count, accumulate: accumulate)
            }
        }
    }
}
