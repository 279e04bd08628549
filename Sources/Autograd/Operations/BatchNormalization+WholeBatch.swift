import Kernels
import TensorCore

/// Over which samples a normalisation's mean and variance are taken in training.
package enum NormalizationStatistics: String, CaseIterable, Sendable {
    /// Those of the grain.
    case grain
    /// Those of all grains of the step, on all ranks; every grain waits for the others, in forward and in backward.
    case batch
}

/// What a normalisation takes as mean and variance in training where the phase does not train it.
package enum FrozenStatistics: String, CaseIterable, Sendable {
    /// The running ones, as in evaluation.
    case running
    /// Those of the grain, which are not kept. So both networks of a GAN look alike in the steps of either.
    case grain
}

/// The sums of batch normalisation over the whole batch in place of the grain's.
extension Tape {
    /// Turns the grain's mean and variance into those of the batch.
    ///
    /// - Parameters:
    ///   - rows: the grain's values of a channel.
    ///   - statistic: the layer's; its number tells its meetings apart from those of other layers.
    /// - Returns: the batch's values of a channel.
    func mergeMoments(
        mean: UnsafeMutablePointer<Float>, variance: UnsafeMutablePointer<Float>, channels: Int, rows: Int,
        of statistic: Parameter
    ) -> Int {
        guard let meeting else { return rows }
        var all = rows
        meeting.meet(at: 2 * statistic.index, count: 1 + 2 * channels, merge: Kernels.mergeMoments) { moments in
            moments[0] = Double(rows)
            for c in 0..<channels {
                moments[1 + c] = Double(mean[c])
                moments[1 + channels + c] = Double(variance[c]) * Double(rows)
            }
        } take: { moments in
            all = Int(moments[0])
            for c in 0..<channels {
                mean[c] = Float(moments[1 + c])
                variance[c] = Float(moments[1 + channels + c] / moments[0])
            }
        }
        return all
    }

    /// Turns the grain's Σ dy and Σ dy · x̂ of each channel into those of the batch.
    ///
    /// - Parameters:
    ///   - count: 2 · channels.
    ///   - statistic: as for ``mergeMoments(mean:variance:channels:rows:of:)``.
    func addOverBatch(_ sums: UnsafeMutablePointer<Float>, count: Int, of statistic: Parameter) {
        meeting?.meet(at: 2 * statistic.index + 1, count: count, merge: Kernels.addSums) { numbers in
            for index in 0..<count { numbers[index] = Double(sums[index]) }
        } take: { numbers in
            for index in 0..<count { sums[index] = Float(numbers[index]) }
        }
    }
}
