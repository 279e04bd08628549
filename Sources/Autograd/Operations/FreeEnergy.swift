import Kernels
import TensorCore

/// The values that units of a restricted Boltzmann machine take.
package enum BoltzmannUnits: String, Sendable, CaseIterable {
    /// 0 or 1; its mean is the logistic function of its input.
    case binary
    /// A real number of variance 1 around its input, which is also called a linear unit.
    case gaussian
}

/// Σₙ F(vₙ) of a restricted Boltzmann machine, whose hidden units are summed out (Hinton, "A practical guide to
/// training restricted Boltzmann machines", 2010, section 16.1), and the hidden units' means.
///
/// v [N, V], W [H, V], b [H], a [V]; with xⱼ = bⱼ + Σᵢ Wⱼᵢ vᵢ
///
///     F(v) = −Σᵢ aᵢ vᵢ       of binary visible units   −Σⱼ log(1 + exp xⱼ)  of binary hidden ones
///            ½ Σᵢ (vᵢ − aᵢ)² of Gaussian ones          −½ Σⱼ xⱼ²            of Gaussian ones.
///
/// With the means h̄ [N, H]:  dW = −h̄ᵀ v, db = −Σ h̄, da = −Σ v or −Σ (v − a),
/// dv = −h̄ W − a or −h̄ W + (v − a).
package func freeEnergy(
    _ v: Variable, _ weight: Variable, bias: Variable, visibleBias: Variable, visible: BoltzmannUnits,
    hidden: BoltzmannUnits
) -> (sum: Variable, hidden: Tensor) {
    let (units, inputs) = (weight.shape[0], weight.shape[1])
    let rows = v.shape.count / max(inputs, 1)
    precondition(
        v.shape.count == rows * inputs && bias.shape.count == units && visibleBias.shape.count == inputs,
        "freeEnergy: values \(v.shape), weights \(weight.shape), biases \(bias.shape) and \(visibleBias.shape)")
    let means = v.makeTensor([rows, units])
    multiply(
        m: rows, n: units, k: inputs, v.value.pointer, lda: inputs, weight.value.pointer, ldb: inputs,
        transposeB: true, into: means.pointer, ldc: units)
    addBias(bias.value.pointer, to: means.pointer, rows: rows, columns: units)
    let sum = v.makeTensor([])
    sum.fill(Float(energy(v.value, visibleBias.value, visible, means, hidden)))
    let recorded = v.tape.record(sum, all: [v, weight, bias, visibleBias]) {
        [
            values = v.value, w = weight.value, a = visibleBias.value, v = v.target, weight = weight.target,
            bias = bias.target, visibleBias = visibleBias.target
        ] tape, dy in
        let scale = dy.pointer[0]
        let dx = Tensor(means.shape, pool: tape.pool)
        Kernels.scale(means.pointer, by: -scale, into: dx.pointer, count: dx.count)
        tape.accumulateProduct(into: weight, rows: rows, dy: dx.pointer, x: values.pointer)
        tape.accumulate(into: bias) { db, accumulate in
            sumRows(dx.pointer, rows: rows, columns: units, into: db, accumulate: accumulate)
        }
        tape.accumulate(into: visibleBias) { da, accumulate in
            let sums = Tensor([inputs], pool: tape.pool)
            sumRows(values.pointer, rows: rows, columns: inputs, into: sums.pointer)
            for i in 0..<inputs {
                let own = visible == .binary ? 0 : Float(rows) * a.pointer[i]
                da[i] = (accumulate ? da[i] : 0) - scale * (sums.pointer[i] - own)
            }
        }
        tape.accumulate(into: v) { dv, accumulate in
            multiply(
                m: rows, n: inputs, k: units, dx.pointer, lda: units, w.pointer, ldb: inputs, into: dv, ldc: inputs,
                accumulate: accumulate)
            for i in 0..<rows * inputs {
                let a = a.pointer[i % inputs]
                dv[i] += visible == .binary ? -scale * a : scale * (values.pointer[i] - a)
            }
        }
    }
    return (recorded, means)
}

/// Σₙ F(vₙ); the hidden units' inputs [N, H] become their means.
private func energy(
    _ v: Tensor, _ a: Tensor, _ visible: BoltzmannUnits, _ x: Tensor, _ hidden: BoltzmannUnits
) -> Double {
    (0..<x.shape[0]).reduce(0) { sum, row in
        let ofVisible = visibleEnergy(v.pointer + row * a.count, a.pointer, a.count, visible)
        return sum + Double(ofVisible) - Double(hiddenEnergy(x.pointer + row * x.shape[1], x.shape[1], hidden))
    }
}

/// What the visible units alone add to the free energy of one sample.
private func visibleEnergy(
    _ v: UnsafePointer<Float>, _ a: UnsafePointer<Float>, _ count: Int, _ units: BoltzmannUnits
) -> Float {
    switch units {
    case .binary: -laneSum(count: count) { a[$0] * v[$0] }
    case .gaussian: 0.5 * laneSum(count: count) { (v[$0] - a[$0]) * (v[$0] - a[$0]) }
    }
}

/// What the hidden units take from it; their inputs x become their means.
private func hiddenEnergy(_ x: UnsafeMutablePointer<Float>, _ count: Int, _ units: BoltzmannUnits) -> Float {
    switch units {
    case .binary: logisticWithSoftplusSum(x, count: count)
    case .gaussian: 0.5 * laneSum(count: count) { x[$0] * x[$0] }
    }
}
