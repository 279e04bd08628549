/// Group normalisation of one sample [positions, channels], Wu and He 2018: every group of neighbouring channels has
/// its own mean and deviation, over all positions.
///
/// They are combined from those of the channels, which batch normalisation's passes over memory give; so are the sums
/// of backward.

/// Mean and 1 / √(variance + ε) of each channel's group, [channels] each. The variance is the biased one.
package func groupStatistics(
    _ x: UnsafePointer<Float>, positions: Int, channels: Int, groups: Int, epsilon: Float,
    mean: UnsafeMutablePointer<Float>, inverseDeviation: UnsafeMutablePointer<Float>
) {
    batchStatistics(x, rows: positions, channels: channels, mean: mean, variance: inverseDeviation)
    let size = channels / groups
    for first in stride(from: 0, to: channels, by: size) {
        let centre = laneSum(count: size) { mean[first + $0] } / Float(size)
        let squares = laneSum(count: size) { place in
            let d = mean[first + place] - centre
            return inverseDeviation[first + place] + d * d
        }
        (mean + first).update(repeating: centre, count: size)
        (inverseDeviation + first).update(
            repeating: 1 / (squares / Float(size) + epsilon).squareRoot(), count: size)
    }
}

/// dx = inverse deviation · (γ dy − mean of γ dy − x̂ · mean of γ dy x̂), the means over all values of the group; added
/// to what is there with `accumulate`.
///
/// - Parameters:
///   - sum: Σ dy over the positions of each channel, and `sumNormalized` Σ dy x̂; they become the groups' means.
package func groupNormalizationGradient(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, positions: Int, channels: Int, groups: Int,
    mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>, gamma: UnsafePointer<Float>,
    sum: UnsafeMutablePointer<Float>, sumNormalized: UnsafeMutablePointer<Float>,
    into dx: UnsafeMutablePointer<Float>, accumulate: Bool
) {
    let size = channels / groups
    let count = Float(size * positions)
    for first in stride(from: 0, to: channels, by: size) {
        for sums in [sum, sumNormalized] {
            let total = laneSum(count: size) { gamma[first + $0] * sums[first + $0] }
            (sums + first).update(repeating: total / count, count: size)
        }
    }
    forEachBlock(rows: positions, channels: channels) { block, c, width in
        let centre = loadLanes(mean + c, width)
        let inverse = loadLanes(inverseDeviation + c, width)
        let factor = loadLanes(gamma + c, width) * inverse
        let shift = loadLanes(sum + c, width) * inverse
        let slope = loadLanes(sumNormalized + c, width) * inverse * inverse
        for row in block {
            let index = row * channels + c
            prefetchNextBlock(x + index, channels)
            prefetchNextBlock(dy + index, channels)
            prefetchNextBlock(dx + index, channels, for: .writing)
            let d = loadLanes(x + index, width) - centre
            var result = loadLanes(dy + index, width) * factor - shift - d * slope
            if accumulate { result += loadLanes(dx + index, width) }
            storeLanes(result, to: dx + index, width)
        }
    }
}
