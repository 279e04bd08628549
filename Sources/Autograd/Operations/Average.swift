import Kernels
import TensorCore

/// The mean of values of one shape; at least one.
package func average(_ values: [Variable]) -> Variable {
    scaled(values.dropFirst().reduce(values[0]) { add($0, $1) }, by: 1 / Float(values.count))
}

/// log of the mean of eˣ over values of one shape, without overflow; a constant, since only evaluation needs it.
package func logMeanExponential(_ values: [Variable]) -> Variable {
    let first = values[0]
    precondition(
        values.allSatisfy { $0.shape == first.shape }, "logMeanExponential: \(values.map { "\($0.shape)" })")
    let y = first.makeTensor(first.shape)
    for i in 0..<y.count {
        var peak = first.value.pointer[i]
        for value in values where value.value.pointer[i] > peak { peak = value.value.pointer[i] }
        var sum: Float = 0
        for value in values { sum += exponential(value.value.pointer[i] - peak) }
        y.pointer[i] = peak + logarithm(sum / Float(values.count))
    }
    return first.tape.constant(y)
}
