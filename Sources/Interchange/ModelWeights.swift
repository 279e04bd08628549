import Autograd
import Checkpointing
import NeuralNetwork
import TensorCore

/// A network's weights and running statistics under PyTorch's names, shapes and orders (channels first), to and from
/// files.
package enum ModelWeights {
    /// What to write into a weights file, in exchange order: all but carried state, which belongs to a place in the
    /// training data, and for each running mean the count that PyTorch's batch normalisation keeps beside it, so that
    /// `load_state_dict` finds every name that it expects.
    ///
    /// - Parameter step: that count: the steps of the run. PyTorch computes with it only where a layer has no momentum.
    package static func lasting(_ network: Network, _ values: FlatBuffer, step: Int) -> [TensorSource] {
        let (weights, buffers) = sources(network, values)
        let state = Set(network.layout.parameters.filter { $0.role == .carried }.map(\.name))
        let counts = network.layout.parameters.compactMap { parameter -> TensorSource? in
            guard parameter.isStatistic, parameter.name.hasSuffix(runningMean) else { return nil }
            return TensorSource(
                name: parameter.name.dropLast(runningMean.count) + TensorSignature.batchCountSuffix,
                dataType: .int64, shape: [], values: [Int64(step)])
        }
        return (weights + buffers).filter { !state.contains($0.signature.name) } + counts
    }

    private static let runningMean = ".running_mean"

    /// What to write into a checkpoint, in exchange order: weights, and as buffers everything else.
    package static func sources(_ network: Network, _ values: FlatBuffer) -> (
        weights: [TensorSource], buffers: [TensorSource]
    ) {
        var weights: [TensorSource] = []
        var buffers: [TensorSource] = []
        for parameter in network.layout.parameters {
            let source = values.pointer + network.layout.offsets[parameter.index]
            let layout = network.exchangeLayouts[parameter.index]
            let tensor = TensorSource(name: parameter.name, shape: layout.shape(parameter.shape)) { target in
                guard let start = target.baseAddress else { return }
                layout.forEachElement(parameter.shape) { here, there in start[there] = source[here] }
            }
            if parameter.isTrainable { weights.append(tensor) } else { buffers.append(tensor) }
        }
        return (weights, buffers)
    }

    /// The signatures that a file for this model has.
    package static func signatures(_ network: Network) -> (weights: [TensorSignature], buffers: [TensorSignature]) {
        func list(_ isTrainable: Bool) -> [TensorSignature] {
            network.layout.parameters.filter { $0.isTrainable == isTrainable }.map {
                TensorSignature(name: $0.name, shape: network.exchangeLayouts[$0.index].shape($0.shape))
            }
        }
        return (list(true), list(false))
    }

    /// Fills `values` from a checkpoint. Throws `CheckpointError.modelMismatch` when it belongs to another model.
    package static func load(_ checkpoint: Checkpoint, _ network: Network, into values: FlatBuffer) throws {
        let (weights, buffers) = signatures(network)
        try checkpoint.requireModel(weights: weights, buffers: buffers)
        try load(network, into: values) { parameter in
            try checkpoint.floats(of: parameter.name, in: parameter.isTrainable ? .weights : .buffers)
        }
    }

    /// Fills `values` from a weights file: final or best weights, or a PyTorch state dictionary saved as safetensors.
    ///
    /// Carried state, which no such file has, becomes zero.
    /// Throws `CheckpointError.missingTensor` or `shapeMismatch`.
    package static func load(_ file: SafetensorsFile, _ network: Network, into values: FlatBuffer) throws {
        try load(network, into: values) { parameter in
            if parameter.role == .carried { return Array(repeating: 0, count: parameter.shape.count) }
            let expected = network.exchangeLayouts[parameter.index].shape(parameter.shape)
            if let found = file.tensor(parameter.name), found.shape != expected {
                throw CheckpointError.shapeMismatch(
                    path: file.path, tensor: parameter.name, expected: expected, actual: found.shape)
            }
            return try file.floats(of: parameter.name)
        }
    }

    private static func load(_ network: Network, into values: FlatBuffer, _ read: (Parameter) throws -> [Float]) throws
    {
        for parameter in network.layout.parameters {
            let floats = try read(parameter)
            let target = values.pointer + network.layout.offsets[parameter.index]
            network.exchangeLayouts[parameter.index].forEachElement(parameter.shape) { here, there in
                target[here] = floats[there]
            }
        }
    }
}

extension ExchangeLayout {
    /// The shape in exchanged files of a parameter that has `shape` here.
    func shape(_ shape: Shape) -> [Int] {
        switch self {
        case .same: shape.dimensions
        case .filters: [shape[0], shape[3], shape[1], shape[2]]
        case .sequenceFilters: [shape[0], shape[3], shape[2]]
        }
    }

    /// Calls `body(position here, position there)` for every element, in the order of exchanged files.
    @inline(__always)
    func forEachElement(_ shape: Shape, _ body: (Int, Int) -> Void) {
        switch self {
        case .same:
            for i in 0..<shape.count { body(i, i) }
        case .filters, .sequenceFilters:
            precondition(shape.rank == 4, "ExchangeLayout: filters of shape \(shape) are not [O, kh, kw, I]")
            transpose(outer: shape[0], positions: shape[1] * shape[2], channels: shape[3], body)
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
