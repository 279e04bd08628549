import TensorCore

/// Σ over rows of max(0, maxₖ≠c (xₖ + m) − x_c): scores x [N, …, K] of K classes a row, a class c each (Crammer and
/// Singer 2001).
///
/// Of equal rivals the first gets the gradient. A row with a NaN among the scores that it compares gives NaN.
///
/// - Parameter weights: a factor for each row; nil for 1. A row of weight 0 is ignored, whatever its scores are.
package func maxMargin(
    _ scores: Variable, _ classes: [Int32], margin: Float = 1, weights: Tensor? = nil
) -> Variable {
    let count = scores.shape[-1]
    precondition(
        classes.count * count == scores.shape.count, "maxMargin: \(classes.count) classes for \(scores.shape)")
    precondition(
        classes.allSatisfy { $0 >= 0 && $0 < count }, "maxMargin: a class is not in 0..<\(count)")
    precondition(
        weights.map { $0.count == classes.count } ?? true,
        "maxMargin: weights \(weights!.shape) for \(classes.count) rows")
    var total: Float = 0
    // The rival of each row, or −1 where the row costs nothing.
    var rivals = [Int](repeating: -1, count: classes.count)
    for (row, label) in classes.enumerated() {
        let weight = weights?.pointer[row] ?? 1
        if weight == 0 { continue }
        let x = scores.value.pointer + row * count
        var rival = -1
        for k in 0..<count where k != Int(label) {
            if rival < 0 || x[k] > x[rival] || x[k].isNaN { rival = k }
            if x[k].isNaN { break }
        }
        guard rival >= 0 else { continue }
        let missing = x[rival] + margin - x[Int(label)]
        if missing <= 0 { continue }
        total += weight * missing
        rivals[row] = rival
    }
    let loss = scores.makeTensor([])
    loss.fill(total)
    return scores.tape.record(loss, scores) { [scores = scores.target] tape, dy in
        let factor = dy.pointer[0]
        tape.accumulate(into: scores) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: scores.shape.count) }
            for (row, rival) in rivals.enumerated() where rival >= 0 {
                let slope = factor * (weights?.pointer[row] ?? 1)
                dx[row * count + rival] += slope
                dx[row * count + Int(classes[row])] -= slope
            }
        }
    }
}
