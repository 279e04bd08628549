import Glibc
import Kernels
import TensorCore

/// Σ over rows of −log softmax(output)[class], without label smoothing, in nats, from logits; and the number of rows,
/// or of the characters in their classes.
///
/// - Parameter characters: of each class; empty to count rows.
func negativeLogLikelihood(_ output: Tensor, _ target: Target, characters: [Double] = []) -> [Double] {
    let rows = target.rowCount(for: output)
    let columns = output.count / max(rows, 1)
    var total = 0.0
    var count = characters.isEmpty ? Double(rows) : 0
    for row in 0..<rows {
        let logits = output.pointer + row * columns
        var peak = -Float.infinity
        for column in 0..<columns where !(logits[column] <= peak) { peak = logits[column] }
        var sum = 0.0
        for column in 0..<columns { sum += exp(Double(logits[column] - peak)) }
        let logarithm = Double(peak) + log(sum)
        switch target {
        case .nothing: break
        case .classes(let classes):
            total += logarithm - Double(logits[Int(classes[row])])
            if !characters.isEmpty { count += characters[Int(classes[row])] }
        case .values(let values):
            let shares = values.pointer + row * columns
            for column in 0..<columns where shares[column] != 0 {
                total += Double(shares[column]) * (logarithm - Double(logits[column]))
            }
        }
    }
    return [total, count]
}
