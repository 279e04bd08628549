import Foundation

extension DoubleReference {
    /// x (k + α / size · Σ x²)^−β, the sum over channels c − ⌊size / 2⌋ … c + ⌊(size − 1) / 2⌋ of the same position.
    package static func localResponseNormalization(
        _ x: DoubleTensor, size: Int, alpha: Double, beta: Double, k: Double
    ) -> DoubleTensor {
        var y = x
        for row in 0..<x.rows {
            for c in 0..<x.columns {
                let window = max(c - size / 2, 0)...min(c + (size - 1) / 2, x.columns - 1)
                let sum = window.reduce(0) { total, other in
                    let value = x.values[row * x.columns + other]
                    return total + value * value
                }
                y.values[row * x.columns + c] *= pow(k + alpha / Double(size) * sum, -beta)
            }
        }
        return y
    }

    /// γ (x − μ) / √(σ² + ε) + β with μ and σ² (biased) of each sample's group of channels, over all positions.
    package static func groupNormalization(
        _ x: DoubleTensor, groups: Int, gamma: DoubleTensor, beta: DoubleTensor, epsilon: Double
    ) -> DoubleTensor {
        let channels = x.columns
        let perSample = x.shape.dropFirst().reduce(1, *)
        var y = x
        for n in 0..<x.shape[0] {
            for group in 0..<groups {
                let size = channels / groups
                let places = stride(from: n * perSample, to: (n + 1) * perSample, by: channels).flatMap { first in
                    first + group * size..<first + (group + 1) * size
                }
                let count = Double(places.count)
                let mean = places.reduce(0) { $0 + x.values[$1] } / count
                let variance =
                    places.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) } / count
                for i in places {
                    y.values[i] =
                        gamma.values[i % channels] * (x.values[i] - mean) / (variance + epsilon).squareRoot()
                        + beta.values[i % channels]
                }
            }
        }
        return y
    }

    /// f g x + b for each channel.
    package static func channelScale(
        _ x: DoubleTensor, gain: DoubleTensor, bias: DoubleTensor? = nil, factor: Double = 1
    ) -> DoubleTensor {
        var y = x
        for i in x.values.indices {
            let c = i % x.columns
            y.values[i] = factor * gain.values[c] * x.values[i] + (bias?.values[c] ?? 0)
        }
        return y
    }

    /// Σᵢ (x[n, i] − w[j, i])² of each row n and centre j.
    package static func squaredDistance(_ x: DoubleTensor, _ w: DoubleTensor) -> DoubleTensor {
        var y = DoubleTensor(repeating: 0, [x.shape[0], w.shape[0]])
        for n in 0..<x.shape[0] {
            for j in 0..<w.shape[0] {
                for i in 0..<w.shape[1] { y[n, j] += (x[n, i] - w[j, i]) * (x[n, i] - w[j, i]) }
            }
        }
        return y
    }
}
