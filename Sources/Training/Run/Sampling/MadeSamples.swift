import Checkpointing
import DataPipeline
import NeuralNetwork
import TensorCore

/// Samples that a model has made, in the units of the data.
package struct MadeSamples: Sendable {
    package let field: FieldDescription
    package let count: Int
    /// [count, shape of the field], channels last. A model may leave the range of the data's values.
    package let values: [Float]

    /// - Parameter values: as a model gets them, which `preprocessing` says how to undo.
    init(_ values: [Float], of field: FieldDescription, _ preprocessing: FieldPreprocessing?) {
        self.field = field
        count = values.count / max(field.shape.count, 1)
        self.values = preprocessing?.undone(values) ?? values
    }

    /// Height, width and channels where the samples are pictures that a PNG file can hold; nil for others.
    package var pictureShape: (height: Int, width: Int, channels: Int)? {
        guard case .pixels = field.meaning, field.shape.rank == 3, [1, 3].contains(field.shape[2]) else { return nil }
        return (field.shape[0], field.shape[1], field.shape[2])
    }

    /// Writes a tensor [count, …] with the field's name, in PyTorch's order of axes: channels before height and width.
    /// `trainer predict` reads it.
    package func write(to path: String) throws {
        let shape = field.shape
        let (positions, channels) = shape.rank == 3 ? (shape[0] * shape[1], shape[2]) : (shape.count, 1)
        let sample = shape.rank == 3 ? [shape[2], shape[0], shape[1]] : shape.dimensions
        let source = TensorSource(name: field.name, shape: [count] + sample) { target in
            for row in 0..<count {
                let first = row * shape.count
                for position in 0..<positions {
                    for channel in 0..<channels {
                        target[first + channel * positions + position] = values[first + position * channels + channel]
                    }
                }
            }
        }
        try SafetensorsFile(metadata: ["format": "pt"], sources: [source]).write(to: path)
    }
}

extension FieldPreprocessing {
    /// The raw values of inputs, channels last.
    func undone(_ values: [Float]) -> [Float] {
        values.enumerated().map { index, value in
            let channel = index % scale.count
            return (value - shift[channel]) / scale[channel]
        }
    }
}
