import Autograd
import Kernels
import TensorCore

/// Makes samples of a field as the ones that a model was trained on: a GAN's generator, the decoder of a variational
/// autoencoder, the Gibbs chains of a Boltzmann machine. `trainer sample` asks an objective for its.
///
/// Sample i is a function of the weights, the key and i alone, so that any ranks and threads make the same.
package protocol SampleMaker: Sendable {
    /// What is made; it says what values mean.
    var made: FieldDescription { get }

    /// The samples of these numbers, [count, shape of ``made``], as a model gets them, which is after preprocessing.
    ///
    /// - Parameters:
    ///   - key: sample i is a function of `key.folding(i)`.
    ///   - tape: begun without gradients.
    func samples(_ numbers: Range<Int>, key: RandomKey, on tape: Tape) -> Tensor
}

/// A maker of samples out of numbers z that are distributed as N(0, 1), between which one can go from sample to sample.
package protocol LatentSampleMaker: SampleMaker {
    /// The shape of one z.
    var latent: Shape { get }

    /// The samples [n, shape of ``made``] of latent numbers [n, shape of ``latent``].
    ///
    /// - Parameter numbers: those of the samples, which say of which classes they are where a maker knows such.
    func samples(from latent: Variable, of numbers: [Int]) -> Variable
}

extension LatentSampleMaker {
    package func samples(_ numbers: Range<Int>, key: RandomKey, on tape: Tape) -> Tensor {
        samples(from: tape.constant(latentNumbers(numbers, key: key, pool: tape.pool)), of: Array(numbers)).value
    }

    /// The latent numbers of some samples, [count, shape of ``latent``].
    package func latentNumbers(_ numbers: Range<Int>, key: RandomKey, pool: StoragePool) -> Tensor {
        let noise = Tensor(latent.batched(numbers.count), pool: pool)
        for (row, number) in numbers.enumerated() {
            Initializer.normal(1).fill(
                noise.pointer + row * latent.count, shape: [latent.count], key: key.folding(number).folding(.latent))
        }
        return noise
    }
}
