import Autograd
import Kernels
import TensorCore

/// The class that a row of scores is for: that of the largest, the first of equal ones; of a single score 1 where it is
/// above 0, else 0; −1 where a score is NaN.
package func chosenClass(_ scores: UnsafePointer<Float>, _ count: Int) -> Int {
    guard count == 1 else { return largest(scores, count) }
    return scores[0].isNaN ? -1 : scores[0] > 0 ? 1 : 0
}

/// What an output is compared with.
package enum Target {
    /// One class index a row of scores, in 0..<classes (data sets check it when they are opened).
    case classes([Int32])
    /// As many values as the output has, [N, …].
    case values(Tensor)
    /// The output is compared with no field.
    case nothing

    /// The rows of scores in `output` [N, …, K]: one a class index, or N · … of them.
    func rowCount(for output: Tensor) -> Int {
        switch self {
        case .classes(let classes):
            precondition(
                output.count % max(classes.count, 1) == 0, "Target: \(classes.count) classes for \(output.shape)")
            return classes.count
        case .values, .nothing: return output.count / max(output.shape[-1], 1)
        }
    }

    /// The class that row `row` should have, of shares of several that of the largest, of one share of two classes the
    /// second where it is more than half; −1 where its values have a NaN.
    func largestClass(row: Int, columns: Int) -> Int {
        switch self {
        case .classes(let classes): Int(classes[row])
        case .values(let values) where columns == 1: values.pointer[row].isNaN ? -1 : values.pointer[row] > 0.5 ? 1 : 0
        case .values(let values): largest(values.pointer + row * columns, columns)
        case .nothing: -1
        }
    }

    /// Calls `body` with each output value and its target.
    func forEachValue(of output: Tensor, _ body: (_ value: Double, _ target: Double) -> Void) {
        guard case .values(let targets) = self else {
            preconditionFailure("Target: classes where a metric of values is measured")
        }
        precondition(targets.count == output.count, "Target: values \(targets.shape) for an output \(output.shape)")
        for index in 0..<output.count {
            body(Double(output.pointer[index]), Double(targets.pointer[index]))
        }
    }

    /// The values, or each row's class as a one-hot vector, as a constant of the output's shape; of one output for two
    /// classes the class itself, 0 or 1.
    func values(like output: Variable) -> Variable {
        switch self {
        case .nothing: preconditionFailure("Target: none where an output is compared with one")
        case .values(let values): return output.tape.constant(values)
        case .classes(let classes):
            let result = Tensor(output.shape, pool: output.tape.pool)
            result.fill(0)
            let columns = output.shape.count / max(classes.count, 1)
            for (row, label) in classes.enumerated() {
                if columns == 1 {
                    result.pointer[row] = Float(label)
                } else {
                    result.pointer[row * columns + Int(label)] = 1
                }
            }
            return output.tape.constant(result)
        }
    }
}
