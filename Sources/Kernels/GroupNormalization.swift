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
    let pass = GroupGradientPass(
        x: x, dy: dy, mean: mean, inverseDeviation: inverseDeviation, gamma: gamma, sum: sum,
        sumNormalized: sumNormalized,
        output: WideOutput(dx, rows: positions, channels: channels, adds: accumulate))
    pass.run(rows: positions, channels: channels)
    pass.output.finish()
}

private struct GroupGradientPass: RowPass {
    let x: UnsafePointer<Float>
    let dy: UnsafePointer<Float>
    let mean: UnsafePointer<Float>
    let inverseDeviation: UnsafePointer<Float>
    let gamma: UnsafePointer<Float>
    let sum: UnsafePointer<Float>
    let sumNormalized: UnsafePointer<Float>
    let output: WideOutput

    struct Terms: BitwiseCopyable {
        var centre: Vector
        var factor: Vector
        var shift: Vector
        var slope: Vector
    }

    @inline(__always)
    func terms(_ c: Int, _ width: Int) -> Terms {
        let inverse = loadLanes(inverseDeviation + c, width)
        return Terms(
            centre: loadLanes(mean + c, width), factor: loadLanes(gamma + c, width) * inverse,
            shift: loadLanes(sum + c, width) * inverse,
            slope: loadLanes(sumNormalized + c, width) * inverse * inverse)
    }

    @inline(__always)
    func write(_ place: VectorPlace, _ terms: Terms) {
        let d = loadLanes(x + place.index, place.width) - terms.centre
        output.store(loadLanes(dy + place.index, place.width) * terms.factor - terms.shift - d * terms.slope, at: place)
    }
}
