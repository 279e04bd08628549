import Kernels
import TensorCore

/// y = f · g · x + b with a gain g and a bias b for each channel, and a constant f.
///
/// x [N, …, C], g and b [C] → y of x's shape. It is batch normalisation with mean 0 and deviation 1 / f, whose passes
/// over memory it uses: dx = f g dy, dg = f Σ dy x and db = Σ dy over positions.
package func channelScale(_ x: Variable, gain: Variable, bias: Variable? = nil, factor: Float = 1) -> Variable {
    let channels = x.shape[-1]
    let rows = x.shape.count / max(channels, 1)
    precondition(
        gain.shape.count == channels && bias?.shape.count ?? channels == channels,
        "channelScale: input \(x.shape), gain \(gain.shape), bias \(bias.map { "\($0.shape)" } ?? "none")")
    let mean = filled(0, [channels], x.tape)
    let inverse = filled(factor, [channels], x.tape)
    let y = x.makeTensor(x.shape)
    normalize(
        x.value.pointer, rows: rows, channels: channels, mean: mean.pointer, inverseDeviation: inverse.pointer,
        gamma: gain.value.pointer, beta: bias?.value.pointer ?? mean.pointer, rectify: false, into: y.pointer)
    return x.tape.record(y, x, gain, bias) {
        [xValue = x.value, gainValue = gain.value, x = x.target, gain = gain.target, bias = bias?.target] tape, dy in
        let gradient = dy
        if gain.needsGradient || bias?.needsGradient ?? false {
            let sums = Tensor([2, channels], pool: tape.pool)
            normalizationSums(
                xValue.pointer, gradient.pointer, rows: rows, channels: channels, mean: mean.pointer,
                inverseDeviation: inverse.pointer, gamma: gainValue.pointer, beta: mean.pointer, rectify: false,
                sum: sums.pointer, sumNormalized: sums.pointer + channels)
            for (target, offset) in [(bias, 0), (gain, channels)] {
                guard let target else { continue }
                tape.accumulate(into: target) { destination, accumulate in
                    scale(sums.pointer + offset, by: 1, into: destination, count: channels, accumulate: accumulate)
                }
            }
        }
        tape.accumulate(into: x) { dx, accumulate in
            normalizationGradient(
                xValue.pointer, gradient.pointer, rows: rows, channels: channels, mean: mean.pointer,
                inverseDeviation: inverse.pointer, gamma: gainValue.pointer, beta: mean.pointer, rectify: false,
                population: rows,
                sums: nil, into: dx, accumulate: accumulate)
        }
    }
}
