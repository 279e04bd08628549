import Kernels
import TensorCore

/// Losses that compare an output with a target element by element: each is a sum over samples of a mean over a sample's
/// values. `weights` are of the samples, [N], nil for 1: a sample of weight 0 adds nothing, whatever its values are.

/// Σₙ mean (x − t)²; gradients for both x and t.
package func meanSquaredError(_ x: Variable, _ target: Variable, weights: Tensor? = nil) -> Variable {
    elementwiseLoss("meanSquaredError", x, target, weights: weights) { x, t in
        let d = x - t
        return (d * d, 2 * d, -2 * d)
    }
}

/// Binary cross-entropy of probabilities: −t log x − (1 − t) log(1 − x), with logarithms clamped at −100 as torch does.
package func binaryCrossEntropy(
    _ probabilities: Variable, _ target: Variable, weights: Tensor? = nil
) -> Variable {
    elementwiseLoss("binaryCrossEntropy", probabilities, target, weights: weights) { x, t in
        let log1 = max(logarithm(x), -100)
        let log0 = max(logarithm(1 - x), -100)
        return (-t * log1 - (1 - t) * log0, (x - t) / max((1 - x) * x, 1e-12), log0 - log1)
    }
}

/// Binary cross-entropy of sigmoid(x), without overflow: max(x, 0) − x t + log(1 + e⁻|ˣ|).
package func binaryCrossEntropyFromLogits(
    _ logits: Variable, _ target: Variable, weights: Tensor? = nil
) -> Variable {
    elementwiseLoss("binaryCrossEntropyFromLogits", logits, target, weights: weights) { x, t in
        (Kernels.softplus(x) - x * t, logistic(Vector(repeating: x))[0] - t, -x)
    }
}

/// Σₙ wₙ mean f(x, t), where f gives the value and its derivatives for x and t; for losses in files of their own, too.
@inline(__always)
func elementwiseLoss(
    _ name: String, _ x: Variable, _ target: Variable, weights: Tensor? = nil,
    _ f: @escaping (Float, Float) -> (Float, Float, Float)
) -> Variable {
    precondition(x.shape.count == target.shape.count, "\(name): output \(x.shape), target \(target.shape)")
    let samples = x.shape.rank > 0 ? x.shape[0] : 1
    let perSample = x.shape.count / max(samples, 1)
    precondition(
        weights.map { $0.count == samples } ?? true, "\(name): weights \(weights!.shape) for an output \(x.shape)")
    let factor = 1 / Float(max(perSample, 1))
    let loss = x.makeTensor([])
    var total: Float = 0
    for n in 0..<samples {
        let weight = weights?.pointer[n] ?? 1
        if weight == 0 { continue }
        let (a, b) = (x.value.pointer + n * perSample, target.value.pointer + n * perSample)
        total += laneSum(count: perSample) { f(a[$0], b[$0]).0 } * factor * weight
    }
    loss.fill(total)
    return x.tape.record(loss, x, target) {
        [xValue = x.value, tValue = target.value, x = x.target, target = target.target] tape, dy in
        let factor = dy.pointer[0] * factor
        tape.accumulate(into: x) { dx, accumulate in
            for n in 0..<samples {
                let scale = factor * (weights?.pointer[n] ?? 1)
                for i in n * perSample..<(n + 1) * perSample {
                    let d = scale == 0 ? 0 : scale * f(xValue.pointer[i], tValue.pointer[i]).1
                    dx[i] = accumulate ? dx[i] + d : d
                }
            }
        }
        tape.accumulate(into: target) { dt, accumulate in
            for n in 0..<samples {
                let scale = factor * (weights?.pointer[n] ?? 1)
                for i in n * perSample..<(n + 1) * perSample {
                    let d = scale == 0 ? 0 : scale * f(xValue.pointer[i], tValue.pointer[i]).2
                    dt[i] = accumulate ? dt[i] + d : d
                }
            }
        }
    }
}
