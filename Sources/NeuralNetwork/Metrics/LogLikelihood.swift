import Glibc
import Kernels
import TensorCore

/// Σ over rows of −log softmax(output)[class], without label smoothing, and the rows: in nats, from logits.
func negativeLogLikelihood(_ output: Tensor, _ target: Target) -> [Double] {
    let rows = target.rowCount(for: output)
    let columns = output.count / max(rows, 1)
    var total = 0.0
    for row in 0..<rows {
        let logits = output.pointer + row * columns
        var peak = -Float.infinity
        for column in 0..<columns where !(logits[column] <= peak) { peak = logits[column] }
        var sum = 0.0
        for column in 0..<columns { sum += exp(Double(logits[column] - peak)) }
        let logarithm = Double(peak) + log(sum)
        switch target {
        case .nothing: break
        case .classes(let classes): total += logarithm - Double(logits[Int(classes[row])])
        case .values(let values):
            let shares = values.pointer + row * columns
            for column in 0..<columns where shares[column] != 0 {
                total += Double(shares[column]) * (logarithm - Double(logits[column]))
            }
        }
    }
    return [total, Double(rows)]
}
