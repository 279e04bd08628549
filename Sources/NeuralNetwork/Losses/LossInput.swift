import Autograd
import TensorCore

/// What a loss compares.
package struct LossInput {
    /// [N, …], or the scores that its last layer reads.
    package let output: Variable
    /// The outputs that the loss itself names.
    package let others: [Variable]
    package let target: Target
    /// How much each sample counts, N numbers of at least 0; nil where all count 1.
    package let weights: Tensor?

    package init(_ output: Variable, _ target: Target, others: [Variable] = [], weights: Tensor? = nil) {
        self.output = output
        self.others = others
        self.target = target
        self.weights = weights
    }

    /// The weight of each step of sequences of several lengths: that of its sample.
    static func weights(_ samples: Tensor, of lengths: SequenceLengths, _ tape: Tape) -> Tensor {
        let result = Tensor([lengths.total], pool: tape.pool)
        var next = 0
        for (sample, count) in lengths.counts.enumerated() {
            (result.pointer + next).update(repeating: samples.pointer[sample], count: count)
            next += count
        }
        return result
    }

    /// The weight of each row, where every sample has as many rows: positions of sequences count as their sample does.
    func rowWeights(_ rows: Int) -> Tensor? {
        guard let weights, weights.count != rows else { return weights }
        let result = Tensor([rows], pool: output.tape.pool)
        let perSample = rows / max(weights.count, 1)
        for row in 0..<rows { result.pointer[row] = weights.pointer[row / perSample] }
        return result
    }
}
