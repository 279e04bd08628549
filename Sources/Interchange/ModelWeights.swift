import Autograd
import Checkpointing
import NeuralNetwork
import TensorCore

/// A model's weights and running statistics under PyTorch's names, shapes and orders (channels first), to and from
/// files.
package enum ModelWeights {
    /// What to write: trainable parameters and running statistics, in exchange order.
    package static func sources(_ model: Model, _ values: FlatBuffer) -> (
        weights: [TensorSource], buffers: [TensorSource]
    ) {
        var weights: [TensorSource] = []
        var buffers: [TensorSource] = []
        for parameter in model.layout.parameters {
            let source = values.pointer + model.layout.offsets[parameter.index]
            let layout = model.exchangeLayouts[parameter.index]
            let tensor = TensorSource(name: parameter.name, shape: layout.shape(parameter.shape)) { target in
                guard let start = target.baseAddress else { return }
                layout.forEachElement(parameter.shape) { here, there in start[there] = source[here] }
            }
            if parameter.isTrainable { weights.append(tensor) } else { buffers.append(tensor) }
        }
        return (weights, buffers)
    }

    /// The signatures that a file for this model has.
    package static func signatures(_ model: Model) -> (weights: [TensorSignature], buffers: [TensorSignature]) {
        func list(_ isTrainable: Bool) -> [TensorSignature] {
            model.layout.parameters.filter { $0.isTrainable == isTrainable }.map {
                TensorSignature(name: $0.name, shape: model.exchangeLayouts[$0.index].shape($0.shape))
            }
        }
        return (list(true), list(false))
    }

    /// Fills `values` from a checkpoint. Throws `CheckpointError.modelMismatch` when it belongs to another model.
    package static func load(_ checkpoint: Checkpoint, _ model: Model, into values: FlatBuffer) throws {
        let (weights, buffers) = signatures(model)
        try checkpoint.requireModel(weights: weights, buffers: buffers)
        try load(model, into: values) { parameter in
            try checkpoint.floats(of: parameter.name, in: parameter.isTrainable ? .weights : .buffers)
        }
    }

    /// Fills `values` from a weights file: final or best weights, or a PyTorch state dictionary saved as safetensors.
    ///
    /// Throws `CheckpointError.missingTensor` or `shapeMismatch`.
    package static func load(_ file: SafetensorsFile, _ model: Model, into values: FlatBuffer) throws {
        try load(model, into: values) { parameter in
            let expected = model.exchangeLayouts[parameter.index].shape(parameter.shape)
            if let found = file.tensor(parameter.name), found.shape != expected {
                throw CheckpointError.shapeMismatch(
                    path: file.path, tensor: parameter.name, expected: expected, actual: found.shape)
            }
            return try file.floats(of: parameter.name)
        }
    }

    private static func load(_ model: Model, into values: FlatBuffer, _ read: (Parameter) throws -> [Float]) throws {
        for parameter in model.layout.parameters {
            let floats = try read(parameter)
            let target = values.pointer + model.layout.offsets[parameter.index]
            model.exchangeLayouts[parameter.index].forEachElement(parameter.shape) { here, there in
                target[here] = floats[there]
            }
        }
    }
}

extension ExchangeLayout {
    /// The shape in exchanged files of a parameter that has `shape` here.
    func shape(_ shape: Shape) -> [Int] {
        self == .filters ? [shape[0], shape[3], shape[1], shape[2]] : shape.dimensions
    }

    /// Calls `body(position here, position there)` for every element, in the order of exchanged files.
    @inline(__always)
    func forEachElement(_ shape: Shape, _ body: (Int, Int) -> Void) {
        switch self {
        case .same:
            for i in 0..<shape.count { body(i, i) }
        case .filters:
            transpose(outer: shape[0], positions: shape[1] * shape[2], channels: shape[3], body)
        case .flattenedImage(let height, let width, let channels):
            transpose(outer: shape[0], positions: height * width, channels: channels, body)
        }
    }

    @inline(__always)
    private func transpose(outer: Int, positions: Int, channels: Int, _ body: (Int, Int) -> Void) {
        for o in 0..<outer {
            let base = o * positions * channels
            for c in 0..<channels {
                for p in 0..<positions { body(base + p * channels + c, base + c * positions + p) }
            }
        }
    }
}
