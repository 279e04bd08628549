import Autograd
import DataPipeline
import JobHealth
import Kernels
import NeuralNetwork
import TensorCore

extension RunSetup {
    /// Gives first layers that ask for it the principal components of the training data's patches. Every rank computes
    /// them alike. Collective.
    ///
    /// - Throws: `ModelError.refused` for a layer that reads anything but the data's images.
    static func whiten(
        _ network: Network, _ data: RunData, into values: FlatBuffer, _ ranks: Ranks
    ) throws {
        try ranks.together {
            for model in network.models {
                for parameter in model.parameters {
                    guard case .whitening(let settings) = parameter.initializer else { continue }
                    let layer = try model.whitenedLayer(parameter)
                    let products = try data.patchProducts(
                        settings, field: layer.field ?? data.training.defaultInput, filters: parameter.shape, layer.name
                    )
                    guard let filters = settings.filters(parameter.shape[0], products: products) else {
                        throw ModelError.refused(
                            layer: layer.name,
                            because: "the data's patches have no principal components; are all numbers finite?")
                    }
                    let start = network.layout.offsets[parameter.index]
                    for (place, value) in filters.enumerated() { values.pointer[start + place] = value }
                }
            }
        }
    }
}

extension Model {
    /// The layer that a whitened parameter belongs to, and the field that it reads; nil for the usual one.
    fileprivate func whitenedLayer(_ parameter: Parameter) throws -> (name: String, field: String?) {
        let path =
            parameter.name.hasPrefix(name + ".") ? String(parameter.name.dropFirst(name.count + 1)) : parameter.name
        let found = nodes.first { [path, parameter.name].contains($0.name + ".weight") }
        guard let node = found, node.inputs.count == 1, let input = node.inputs.first, input < inputs.count else {
            throw ModelError.refused(
                layer: found?.name ?? parameter.name,
                because: "`whitening` is for a layer that reads the model's input, whose patches it looks at; move it "
                    + "there, or choose another initializer")
        }
        return (node.name, inputs[input].name == ModelInput.usualName ? nil : inputs[input].name)
    }
}

extension RunData {
    /// The mean product of the training images' patches as the model gets them, [n, n].
    fileprivate func patchProducts(
        _ settings: PatchWhitening, field: String, filters: Shape, _ layer: String
    ) throws -> [Double] {
        let chosen = Subset(drawing: min(settings.samples, training.count), of: training)
        let plan = EvaluationPlan(sampleCount: chosen.count, grainSize: 32)
        let source = try BatchSource(
            dataset: chosen, plan: plan, fields: [field], preprocessing: preprocessing, key: RandomKey(seed: 0))
        let shape = try training.field(field).shape
        guard shape.rank == 3, filters[3] == shape[2], filters[1] <= shape[0], filters[2] <= shape[1] else {
            throw ModelError.refused(
                layer: layer,
                because: "`whitening` looks at patches of images, and '\(field)' is \(shape), the filters "
                    + "\(filters); it goes without groups and on images larger than the filters")
        }
        var products = PatchProducts(patch: (filters[1], filters[2]), of: shape)
        let reader = BatchReader(source)
        for grain in 0..<plan.grainsPerStep {
            let batch = try reader.read(step: 0, grain: grain).fields
            let images = batch.floats(field)
            for sample in 0..<batch.count { products.add(images.pointer + sample * shape.count) }
            Activity.beat()
        }
        return products.mean
    }
}
