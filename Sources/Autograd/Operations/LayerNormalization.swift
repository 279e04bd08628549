import Kernels
import TensorCore

/// y = γ (x − μ) / √(σ² + ε) + β, with mean μ and biased variance σ² over the last dimension, those of each position.
///
/// x [N, …, C], γ and β [C], or neither → y of x's shape. Ba, Kiros and Hinton 2016, section 3; as PyTorch's LayerNorm
/// over the last dimension. The same in training and evaluation, since a row depends on no other. With
/// x̂ = (x − μ) / √(σ² + ε) and g = γ dy: dx = (g − mean g − x̂ · mean(g x̂)) / √(σ² + ε),
/// dγ = Σ dy x̂ and dβ = Σ dy over positions.
package func layerNormalization(
    _ x: Variable, affine: (gamma: Variable, beta: Variable)? = nil, epsilon: Float = 1e-5
) -> Variable {
    let columns = x.shape[-1]
    let rows = x.shape.count / max(columns, 1)
    precondition(
        affine.map { $0.gamma.shape.count == columns && $0.beta.shape.count == columns } ?? true,
        "layerNormalization: input \(x.shape), γ and β \(affine.map { "\($0.gamma.shape), \($0.beta.shape)" } ?? "")")
    // mean | inverse deviation
    let statistics = x.makeTensor([2, rows])
    let y = x.makeTensor(x.shape)
    normalizeRows(
        x.value.pointer, rows: rows, columns: columns, epsilon: epsilon,
        affine: affine.map { (UnsafePointer($0.gamma.value.pointer), UnsafePointer($0.beta.value.pointer)) },
        mean: statistics.pointer, inverseDeviation: statistics.pointer + rows, into: y.pointer)
    return x.tape.record(y, x, affine?.gamma, affine?.beta) {
        [
            xValue = x.value, gammaValue = affine?.gamma.value, x = x.target, gamma = affine?.gamma.target,
            beta = affine?.beta.target
        ] tape, dy in
        let gradient = dy
        if let gamma, let beta, gamma.needsGradient || beta.needsGradient {
            let sums = Tensor([2, columns], pool: tape.pool)
            rowNormalizationSums(
                xValue.pointer, gradient.pointer, rows: rows, columns: columns, mean: statistics.pointer,
                inverseDeviation: statistics.pointer + rows, sum: sums.pointer, sumNormalized: sums.pointer + columns)
            for (target, offset) in [(beta, 0), (gamma, columns)] {
                tape.accumulate(into: target) { destination, accumulate in
                    scale(sums.pointer + offset, by: 1, into: destination, count: columns, accumulate: accumulate)
                }
            }
        }
        tape.accumulate(into: x) { dx, accumulate in
            rowNormalizationGradient(
                xValue.pointer, gradient.pointer, rows: rows, columns: columns, mean: statistics.pointer,
                inverseDeviation: statistics.pointer + rows, gamma: gammaValue.map { UnsafePointer($0.pointer) },
                into: dx, accumulate: accumulate)
        }
    }
}
