import Checkpointing
import TensorCore
import Training

/// Numbers of a look for programs: a tensor of samples.
package struct LookTensor: Sendable, Equatable {
    package var name: String
    /// Of one sample, channels last.
    package var shape: Shape
    /// Sample by sample.
    package var values: [Float]

    package init(_ name: String, shape: Shape, values: [Float]) {
        self.name = name
        self.shape = shape
        self.values = values
    }

    /// Writes tensors [samples, …] in PyTorch's order of axes to a safetensors file. Throws `CheckpointError`.
    package static func write(_ tensors: [LookTensor], to path: String) throws {
        let sources = tensors.map { TensorSource.exchanged(name: $0.name, shape: $0.shape, values: $0.values) }
        try SafetensorsFile(metadata: ["format": "pt"], sources: sources).write(to: path)
    }
}
