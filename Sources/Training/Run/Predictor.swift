import Autograd
import DataPipeline
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// What a model thinks of one sample.
package struct Prediction: Equatable, Sendable {
    /// The index of the most probable class, and its name.
    package var label: Int
    package var name: String
    package var probability: Float
}

/// Applies trained weights to files of samples.
package final class Predictor {
    private let replica: Replica
    private let preprocessing: ChannelTransform
    private let classNames: [String]
    private let shape: Shape

    init(replica: Replica, preprocessing: ChannelTransform, classNames: [String], shape: Shape) {
        self.replica = replica
        self.preprocessing = preprocessing
        self.classNames = classNames
        self.shape = shape
    }

    /// Calls `body(number in the file, prediction)` for every sample of a file. Throws `DataError`.
    package func predict(file: String, _ body: (Int, Prediction) -> Void) throws {
        let samples = try SampleFile(file, shape: shape)
        let pool = StoragePool()
        let channels = shape[-1]
        let grain = 64
        for first in stride(from: 0, to: samples.count, by: grain) {
            let count = min(grain, samples.count - first)
            let inputs = Tensor(shape.batched(count), pool: pool)
            for index in 0..<count {
                let pixels = samples.pixels(first + index)
                for (offset, pixel) in pixels.enumerated() {
                    let channel = offset % channels
                    inputs.pointer[index * shape.count + offset] =
                        Float(pixel) * preprocessing.scale[channel] + preprocessing.shift[channel]
                }
            }
            let output = replica.predict(inputs)
            let probabilities = Tensor(output.shape, pool: pool)
            softmax(
                output.pointer, rows: count, columns: classNames.count, logarithm: false, into: probabilities.pointer)
            for index in 0..<count {
                let row = probabilities.pointer + index * classNames.count
                let label = max(0, largest(row, classNames.count))
                body(first + index, Prediction(label: label, name: classNames[label], probability: row[label]))
            }
        }
    }
}

extension TrainedWeights {
    /// A predictor with these weights; collective.
    package func makePredictor(_ ranks: Ranks) throws -> Predictor {
        try RankIdentity.requireSame(configuration, ranks)
        let data = try RunData.open(configuration.data, ranks: ranks)
        let (replica, _) = try makeReplica(data.training, ranks, threads: 1)
        guard case .classes(let names) = data.training.target else { throw TrainingError.noWeights(path: path) }
        return Predictor(
            replica: replica, preprocessing: data.preprocessing, classNames: names, shape: data.training.sampleShape)
    }
}
