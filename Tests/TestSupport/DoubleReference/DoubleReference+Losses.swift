import Foundation

extension DoubleReference {
    /// Σ over rows of −Σₖ tₖ log softmax(x)ₖ with t ← (1 − ε) t + ε / K.
    package static func crossEntropy(_ x: DoubleTensor, _ targets: DoubleTensor, smoothing: Double = 0) -> DoubleTensor
    {
        let logProbabilities = logSoftmax(x)
        let loss = zip(logProbabilities.values, targets.values).reduce(0) { sum, pair in
            sum - ((1 - smoothing) * pair.1 + smoothing / Double(x.columns)) * pair.0
        }
        return DoubleTensor([loss], [])
    }

    /// The same with a factor for each row; a row of factor 0 is ignored.
    package static func weightedCrossEntropy(
        _ x: DoubleTensor, _ targets: DoubleTensor, weights: [Double], smoothing: Double = 0
    ) -> DoubleTensor {
        let losses = weights.indices.map { row -> Double in
            let range = row * x.columns..<(row + 1) * x.columns
            let one = crossEntropy(
                DoubleTensor(Array(x.values[range]), [1, x.columns]),
                DoubleTensor(Array(targets.values[range]), [1, x.columns]), smoothing: smoothing)
            return weights[row] * one.values[0]
        }
        return DoubleTensor([losses.reduce(0, +)], [])
    }

    /// Rows of zeros with a one at each label.
    package static func oneHot(_ labels: [Int32], classes: Int) -> DoubleTensor {
        var targets = DoubleTensor(repeating: 0, [labels.count, classes])
        for (row, label) in labels.enumerated() { targets[row, Int(label)] = 1 }
        return targets
    }

    /// Σₙ mean of f(x, t) over a sample's values.
    package static func elementwiseLoss(
        _ x: DoubleTensor, _ t: DoubleTensor, _ f: (Double, Double) -> Double
    ) -> DoubleTensor {
        let perSample = x.shape.dropFirst().reduce(1, *)
        return DoubleTensor([zip(x.values, t.values).reduce(0) { $0 + f($1.0, $1.1) } / Double(max(perSample, 1))], [])
    }

    package static func meanSquaredError(_ x: DoubleTensor, _ t: DoubleTensor) -> DoubleTensor {
        elementwiseLoss(x, t) { ($0 - $1) * ($0 - $1) }
    }

    /// Σₙ wₙ · loss of sample n, of losses of tensors [N, …].
    package static func weighted(
        _ weights: [Double], _ inputs: [DoubleTensor], _ loss: ([DoubleTensor]) -> DoubleTensor
    ) -> DoubleTensor {
        let total = weights.enumerated().reduce(0.0) { sum, weight in
            let parts = inputs.map { input in
                let size = input.count / weights.count
                return DoubleTensor(
                    Array(input.values[weight.offset * size..<(weight.offset + 1) * size]),
                    [1] + input.shape.dropFirst())
            }
            return sum + weight.element * loss(parts).values[0]
        }
        return DoubleTensor([total], [])
    }

    /// −½ Σ (1 + v − m² − eᵛ).
    package static func gaussianKL(_ mean: DoubleTensor, logVariance: DoubleTensor) -> DoubleTensor {
        let terms = zip(mean.values, logVariance.values).map { 1 + $1 - $0 * $0 - exp($1) }
        return DoubleTensor([-0.5 * terms.reduce(0, +)], [])
    }

    /// −t log x − (1 − t) log(1 − x).
    package static func binaryCrossEntropy(_ x: DoubleTensor, _ t: DoubleTensor) -> DoubleTensor {
        elementwiseLoss(x, t) { -$1 * log($0) - (1 - $1) * log(1 - $0) }
    }

    /// The binary cross-entropy of 1 / (1 + e⁻ˣ).
    package static func binaryCrossEntropyFromLogits(_ x: DoubleTensor, _ t: DoubleTensor) -> DoubleTensor {
        elementwiseLoss(x, t) { log1p(exp(-$0)) * $1 + log1p(exp($0)) * (1 - $1) }
    }

    /// max(0, m − c x).
    package static func hinge(_ x: DoubleTensor, _ c: DoubleTensor, margin: Double) -> DoubleTensor {
        elementwiseLoss(x, c) { max(0, margin - $1 * $0) }
    }

    /// log(1 + e^(−c x)).
    package static func logLoss(_ x: DoubleTensor, _ c: DoubleTensor) -> DoubleTensor {
        elementwiseLoss(x, c) { log1p(exp(-$1 * $0)) }
    }

    /// Σ over rows of max(0, maxₖ≠c (xₖ + m) − x_c).
    package static func maxMargin(_ x: DoubleTensor, _ labels: [Int32], margin: Double) -> DoubleTensor {
        let loss = labels.enumerated().reduce(0.0) { sum, row in
            let scores = (0..<x.columns).map { x.values[row.offset * x.columns + $0] }
            let others = scores.indices.filter { $0 != Int(row.element) }.map { scores[$0] }
            return sum + (others.max().map { max(0, $0 + margin - scores[Int(row.element)]) } ?? 0)
        }
        return DoubleTensor([loss], [])
    }

    /// |x − t|.
    package static func absoluteError(_ x: DoubleTensor, _ t: DoubleTensor) -> DoubleTensor {
        elementwiseLoss(x, t) { abs($0 - $1) }
    }
}
