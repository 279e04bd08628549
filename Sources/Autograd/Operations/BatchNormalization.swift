import Kernels
import TensorCore

/// y = γ (x − μ) / √(σ² + ε) + β for each channel, plus `other` if given, then max(0, y) where `rectify` says so.
///
/// The sum with another value of x's shape is the end of a residual block (He et al. 2016).
///
/// x [N, …, C], γ and β [C] → y of x's shape. Ioffe and Szegedy 2015. In training μ and σ² are those of the grain
/// (ghost batch normalisation, Hoffer et al. 2017), and with m values a channel the grain contributes μ and
/// σ²·m/(m − 1) to the running statistics with weight m. With the `batch`'s statistics they are those of all grains'
/// M values, σ²·M/(M − 1) is contributed, and the gradient is that of the whole batch. In evaluation μ and σ² are the
/// running ones and nothing is contributed. Where the phase does not train the statistics, `frozen` says which are
/// taken.
package func batchNormalization(
    _ x: Variable, gamma: Variable, beta: Variable, runningMean: Parameter, runningVariance: Parameter,
    epsilon: Float = 1e-5, mode: Mode, over samples: NormalizationStatistics = .grain,
    frozen: FrozenStatistics = .running, adding other: Variable? = nil, rectify: Bool = false
) -> Variable {
    let channels = x.shape[-1]
    let rows = x.shape.count / max(channels, 1)
    precondition(
        gamma.shape.count == channels && beta.shape.count == channels && runningMean.shape.count == channels,
        "batchNormalization: input \(x.shape), γ \(gamma.shape), β \(beta.shape)")
    if let other { precondition(other.shape == x.shape, "batchNormalization: \(x.shape) + \(other.shape)") }
    let tape = x.tape
    // mean | inverse deviation, of the grain or of the running statistics
    let statistics = x.makeTensor([2, channels])
    let mean = statistics.pointer
    let inverse = mean + channels
    let isTrained = tape.trains(runningMean)
    let usesBatch = mode.isTraining && (isTrained || frozen == .grain)
    let meets = usesBatch && isTrained && samples == .batch
    var population = rows
    if usesBatch {
        batchStatistics(x.value.pointer, rows: rows, channels: channels, mean: mean, variance: inverse)
        if meets {
            population = tape.mergeMoments(
                mean: mean, variance: inverse, channels: channels, rows: rows, of: runningMean)
        }
        tape.contribute(runningMean, weight: Float(rows), values: mean)
        let unbiased = population > 1 ? Float(population) / Float(population - 1) : 1
        tape.contribute(runningVariance, weight: Float(rows), values: inverse, scale: unbiased)
    } else {
        mean.update(from: tape.parameter(runningMean).value.pointer, count: channels)
        inverse.update(from: tape.parameter(runningVariance).value.pointer, count: channels)
    }
    for c in 0..<channels { inverse[c] = 1 / (inverse[c] + epsilon).squareRoot() }
    let y = x.makeTensor(x.shape)
    normalize(
        x.value.pointer, rows: rows, channels: channels, mean: mean, inverseDeviation: inverse,
        gamma: gamma.value.pointer,
        beta: beta.value.pointer, adding: other?.value.pointer, rectify: rectify, into: y.pointer)
    // What was added hides from x where the output was cut off; without it the output need not be kept.
    let output = rectify && other != nil ? y : nil
    let rectifies = rectify
    let rectify = rectify && other == nil
    let inputs = [x, gamma, beta] + (other.map { [$0] } ?? [])
    let result = tape.record(y, all: inputs) {
        [
            population, xValue = x.value, gammaValue = gamma.value, betaValue = beta.value, x = x.target,
            gamma = gamma.target,
            beta = beta.target, other = other?.target
        ] tape, dy in
        if rectifies { dy = passed(dy, tape) }
        var mask: OutputMask?
        let gradient: Tensor
        if let output {
            gradient = dy.isUniquelyOwned() ? dy : Tensor(dy.shape, pool: tape.pool)
            mask = OutputMask(output: output.pointer, masked: gradient.pointer)
        } else {
            gradient = dy
        }
        let sums = Tensor([2, channels], pool: tape.pool)
        normalizationSums(
            xValue.pointer, dy.pointer, rows: rows, channels: channels, mean: statistics.pointer,
            inverseDeviation: statistics.pointer + channels, gamma: gammaValue.pointer, beta: betaValue.pointer,
            rectify: rectify, mask: mask, sum: sums.pointer, sumNormalized: sums.pointer + channels)
        for (target, offset) in [(beta, 0), (gamma, channels)] {
            tape.accumulate(into: target) { destination, accumulate in
                scale(sums.pointer + offset, by: 1, into: destination, count: channels, accumulate: accumulate)
            }
        }
        if meets && x.needsGradient { tape.addOverBatch(sums.pointer, count: 2 * channels, of: runningMean) }
        tape.accumulate(into: x) { dx, accumulate in
            normalizationGradient(
                xValue.pointer, gradient.pointer, rows: rows, channels: channels, mean: statistics.pointer,
                inverseDeviation: statistics.pointer + channels, gamma: gammaValue.pointer, beta: betaValue.pointer,
                rectify: rectify, population: population,
                sums: usesBatch ? (UnsafePointer(sums.pointer), UnsafePointer(sums.pointer + channels)) : nil,
                into: dx, accumulate: accumulate)
        }
        if let other { tape.accumulate(gradient, into: other) }
    }
    if meets && x.needsGradient { tape.alwaysPassesBackward(result) }
    return result
}
