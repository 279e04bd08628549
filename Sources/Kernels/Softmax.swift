/// Softmax and cross-entropy over rows of logits [rows, classes].

/// y = eˣ / Σ eˣ in each row, or log of it.
package func softmax(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, logarithm takeLogarithm: Bool,
    into y: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        let source = x + row * columns
        let target = y + row * columns
        let (peak, sum) = exponentials(source, columns, into: target)
        if takeLogarithm {
            let shift = peak + logarithm(sum)
            for k in 0..<columns { target[k] = source[k] - shift }
        } else {
            let factor = 1 / sum
            for k in 0..<columns { target[k] *= factor }
        }
    }
}

/// dx = y (dy − Σ dy y) for softmax, dx = dy − eʸ Σ dy for log-softmax, from the saved output y; added with
/// `accumulate`.
package func softmaxGradient(
    output y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, columns: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Float>, accumulate: Bool
) {
    for row in 0..<rows {
        let base = row * columns
        var sum: Float = 0
        for k in base..<(base + columns) { sum += logarithm ? dy[k] : dy[k] * y[k] }
        for k in base..<(base + columns) {
            let d = logarithm ? dy[k] - exponential(y[k]) * sum : y[k] * (dy[k] - sum)
            dx[k] = accumulate ? dx[k] + d : d
        }
    }
}

/// Writes eˣ⁻ᵐᵃˣ and returns the maximum and the sum.
@inline(__always)
private func exponentials(
    _ x: UnsafePointer<Float>, _ columns: Int, into y: UnsafeMutablePointer<Float>
) -> (peak: Float, sum: Float) {
    var peak = x[0]
    for k in 1..<max(columns, 1) where x[k] > peak || x[k].isNaN { peak = x[k] }
    let shift = Vector(repeating: peak)
    map(x, into: y, count: columns) { exponential($0 - shift) }
    var sum: Float = 0
    for k in 0..<columns { sum += y[k] }
    return (peak, sum)
}

/// What a cross-entropy needs to know of its targets.
package enum CrossEntropyTarget {
    /// One class index a row; negative where the row is ignored.
    case classes(UnsafePointer<Int32>)
    /// A distribution a row [rows, classes].
    case distribution(UnsafePointer<Float>)

    @inline(__always)
    fileprivate func ignores(_ row: Int) -> Bool {
        if case .classes(let indices) = self { return indices[row] < 0 }
        return false
    }
}

/// Sums over rows of the cross-entropy −Σ tₖ log softmax(x)ₖ, and its gradient softmax(x) · Σt − t.
///
/// - Parameters:
///   - weights: a factor for each row; nil for 1. A row whose class is negative or whose weight is 0 is ignored: it
///     adds nothing to the loss and the count, and its gradient is 0, whatever its logits are.
///   - smoothing: ε of label smoothing (Szegedy et al. 2016, section 7): t ← (1 − ε) t + ε / classes.
///   - gradient: [rows, classes], for a sum of losses (not divided by the rows).
/// - Returns: the summed loss, and in how many rows the largest logit is the target's largest class.
package func crossEntropy(
    _ x: UnsafePointer<Float>, rows: Int, classes: Int, target: CrossEntropyTarget,
    weights: UnsafePointer<Float>? = nil, smoothing: Float, gradient: UnsafeMutablePointer<Float>
) -> (loss: Float, correct: Int) {
    var total: Float = 0
    var correct = 0
    let uniform = smoothing / Float(classes)
    for row in 0..<rows {
        let logits = x + row * classes
        let g = gradient + row * classes
        let rowWeight = weights?[row] ?? 1
        if rowWeight == 0 || target.ignores(row) {
            g.update(repeating: 0, count: classes)
            continue
        }
        let (peak, sum) = exponentials(logits, classes, into: g)
        let shift = peak + logarithm(sum)
        let factor = 1 / sum
        var loss: Float = 0
        switch target {
        case .classes(let indices):
            let label = Int(indices[row])
            loss = (1 - smoothing) * (shift - logits[label])
            if smoothing > 0 { for k in 0..<classes { loss += uniform * (shift - logits[k]) } }
            for k in 0..<classes { g[k] = g[k] * factor - uniform }
            g[label] -= 1 - smoothing
            if largest(logits, classes) == label { correct += 1 }
        case .distribution(let distribution):
            let t = distribution + row * classes
            var mass: Float = 0
            for k in 0..<classes {
                let weight = (1 - smoothing) * t[k] + uniform
                mass += weight
                loss += weight * (shift - logits[k])
            }
            for k in 0..<classes { g[k] = g[k] * factor * mass - ((1 - smoothing) * t[k] + uniform) }
            if largest(logits, classes) == largest(t, classes) { correct += 1 }
        }
        if rowWeight != 1 {
            loss *= rowWeight
            for k in 0..<classes { g[k] *= rowWeight }
        }
        total += loss
    }
    return (total, correct)
}

/// The index of the largest value, the first of equal ones; −1 where a NaN is among them.
@inline(__always)
package func largest(_ x: UnsafePointer<Float>, _ count: Int) -> Int {
    var best = 0
    for k in 0..<count {
        if x[k].isNaN { return -1 }
        if x[k] > x[best] { best = k }
    }
    return best
}
