import Kernels
import TensorCore

/// y = γ (x − μ) / √(σ² + ε) + β, with mean μ and biased variance σ² of each sample's group of neighbouring channels
/// over all positions.
///
/// x [N, …, C], γ and β [C], or neither → y of x's shape. Wu and He 2018; as PyTorch's GroupNorm. With a group for each
/// channel it is instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016). The same in training and evaluation,
/// since a sample depends on no other. With x̂ = (x − μ) / √(σ² + ε) and g = γ dy:
/// dx = (g − mean g − x̂ · mean(g x̂)) / √(σ² + ε), dγ = Σ dy x̂ and dβ = Σ dy over samples and positions.
/// - Parameter groups: divides C.
package func groupNormalization(
    _ x: Variable, groups: Int, affine: (gamma: Variable, beta: Variable)? = nil, epsilon: Float = 1e-5
) -> Variable {
    let channels = x.shape[-1]
    let batch = x.shape[0]
    let positions = x.shape.sample.count / max(channels, 1)
    precondition(groups > 0 && channels % groups == 0, "groupNormalization: \(groups) groups of input \(x.shape)")
    precondition(
        affine.map { $0.gamma.shape.count == channels && $0.beta.shape.count == channels } ?? true,
        "groupNormalization: input \(x.shape), γ and β \(affine.map { "\($0.gamma.shape), \($0.beta.shape)" } ?? "")")
    // Of each sample, mean | inverse deviation of every channel's group.
    let statistics = x.makeTensor([batch, 2, channels])
    let gain = affine?.gamma.value ?? filled(1, [channels], x.tape)
    let shift = affine?.beta.value ?? filled(0, [channels], x.tape)
    let y = x.makeTensor(x.shape)
    let size = positions * channels
    for n in 0..<batch {
        let mean = statistics.pointer + n * 2 * channels
        groupStatistics(
            x.value.pointer + n * size, positions: positions, channels: channels, groups: groups, epsilon: epsilon,
            mean: mean, inverseDeviation: mean + channels)
        normalize(
            x.value.pointer + n * size, rows: positions, channels: channels, mean: mean,
            inverseDeviation: mean + channels, gamma: gain.pointer, beta: shift.pointer, rectify: false,
            into: y.pointer + n * size)
    }
    return x.tape.record(y, x, affine?.gamma, affine?.beta) {
        [xValue = x.value, x = x.target, gamma = affine?.gamma.target, beta = affine?.beta.target] tape, dy in
        let gradient = dy
        // Of each sample Σ dy | Σ dy x̂, then their means over groups.
        let sums = Tensor([batch, 2, channels], pool: tape.pool)
        for n in 0..<batch {
            let (mean, sum) = (statistics.pointer + n * 2 * channels, sums.pointer + n * 2 * channels)
            normalizationSums(
                xValue.pointer + n * size, gradient.pointer + n * size, rows: positions, channels: channels,
                mean: mean, inverseDeviation: mean + channels, gamma: gain.pointer, beta: gain.pointer,
                rectify: false, sum: sum, sumNormalized: sum + channels)
        }
        if let gamma, let beta, gamma.needsGradient || beta.needsGradient {
            let totals = Tensor([2, channels], pool: tape.pool)
            sumRows(sums.pointer, rows: batch, columns: 2 * channels, into: totals.pointer)
            for (target, offset) in [(beta, 0), (gamma, channels)] {
                tape.accumulate(into: target) { destination, accumulate in
                    scale(totals.pointer + offset, by: 1, into: destination, count: channels, accumulate: accumulate)
                }
            }
        }
        tape.accumulate(into: x) { dx, accumulate in
            for n in 0..<batch {
                let (mean, sum) = (statistics.pointer + n * 2 * channels, sums.pointer + n * 2 * channels)
                groupNormalizationGradient(
                    xValue.pointer + n * size, gradient.pointer + n * size, positions: positions, channels: channels,
                    groups: groups, mean: mean, inverseDeviation: mean + channels, gamma: gain.pointer, sum: sum,
                    sumNormalized: sum + channels, into: dx + n * size, accumulate: accumulate)
            }
        }
    }
}

/// A tensor of equal values.
func filled(_ value: Float, _ shape: Shape, _ tape: Tape) -> Tensor {
    let tensor = Tensor(shape, pool: tape.pool)
    tensor.fill(value)
    return tensor
}
