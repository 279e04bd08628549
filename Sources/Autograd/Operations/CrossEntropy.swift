import Kernels
import TensorCore

/// What a sample should be classified as.
package enum ClassTargets {
    /// One class index a row, below the number of classes (data sets check it when they are opened); a negative one
    /// says that the row is ignored.
    case indices([Int32])
    /// A probability for each class, [rows, classes]; one-hot or soft.
    case distribution(Tensor)
}

/// Σ over rows of −w Σₖ tₖ log softmax(x)ₖ: softmax and cross-entropy in one, from logits x [N, K], or [N, T, K] with
/// N·T rows → a scalar.
///
/// With smoothing ε (Szegedy et al. 2016) t ← (1 − ε) t + ε / K. The gradient softmax(x) − t is computed in forward.
/// - Parameter weights: w of each row; nil for 1. A row of weight 0 or with a negative class is ignored: it adds
///   nothing to the loss, the gradient and the count.
/// - Returns: the summed loss (not divided by anything) and the number of rows whose largest logit is the target's
///   class.
package func crossEntropy(
    _ logits: Variable, _ targets: ClassTargets, weights: Tensor? = nil, smoothing: Float = 0
) -> (loss: Variable, correct: Int) {
    let classes = logits.shape[-1]
    let rows = logits.shape.count / max(classes, 1)
    let gradient = logits.makeTensor(logits.shape)
    precondition(
        weights.map { $0.count == rows } ?? true, "crossEntropy: weights \(weights!.shape) for logits \(logits.shape)")
    let result: (loss: Float, correct: Int)
    switch targets {
    case .indices(let indices):
        precondition(indices.count == rows, "crossEntropy: \(indices.count) labels for logits \(logits.shape)")
        precondition(indices.allSatisfy { $0 < classes }, "crossEntropy: a label is not below \(classes)")
        result = indices.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return (0, 0) }
            return Kernels.crossEntropy(
                logits.value.pointer, rows: rows, classes: classes, target: .classes(base),
                weights: weights?.pointer, smoothing: smoothing, gradient: gradient.pointer)
        }
    case .distribution(let distribution):
        precondition(
            distribution.shape == logits.shape, "crossEntropy: targets \(distribution.shape) for logits \(logits.shape)"
        )
        result = Kernels.crossEntropy(
            logits.value.pointer, rows: rows, classes: classes, target: .distribution(distribution.pointer),
            weights: weights?.pointer, smoothing: smoothing, gradient: gradient.pointer)
    }
    let loss = logits.makeTensor([])
    loss.fill(result.loss)
    let variable = logits.tape.record(loss, logits) { [logits = logits.target] tape, dy in
        let factor = dy.pointer[0]
        tape.accumulate(into: logits) { dx, accumulate in
            scale(gradient.pointer, by: factor, into: dx, count: gradient.count, accumulate: accumulate)
        }
    }
    return (variable, result.correct)
}
