import Autograd
import DataPipeline
import Kernels
import NeuralNetwork
import TensorCore
import Training

/// A model's layers up to some node over pictures of another size, with the same weights.
package struct ResizedModel {
    package let model: Model
    package let values: FlatBuffer

    /// - Parameters:
    ///   - subject: whose weights are taken; its model takes one picture.
    ///   - height, width: of the picture.
    ///   - nodes: what is to be computed; no layer behind the last of them is built, so that layers which need the
    ///     model's own size may stand there.
    ///   - convolutions: how they are computed.
    /// - Throws: `ModelError` where a layer before does not fit the size, `ModelError.unknownLayer`.
    package init(
        _ subject: Subject, height: Int, width: Int, nodes: [String],
        convolutions: ConvolutionPreference = .automatic
    ) throws {
        let own = subject.model
        let channels = own.inputShape[2]
        let all = try subject.weights.configuration.descriptions(for: subject.usage)
        guard let description = all.count == 1 ? all[0] : all.first(where: { $0.name == own.name }) else {
            preconditionFailure("ResizedModel: no description of \(own.name)")
        }
        // The first part of a node's name is that of an element of the list.
        let elements = try nodes.map { name in
            let path = try subject.node(name).name
            return description.layers.indices.first { index in
                let element = description.layers[index].name ?? "\(index)"
                return path == element || path.hasPrefix(element + ".")
            } ?? description.layers.count - 1
        }
        let last = (elements.max() ?? -1) + 1
        let input = own.inputs[0].resized(to: [height, width, channels])
        let short = ModelDescription(
            name: description.name, inputs: [input], layers: Array(description.layers.prefix(last)),
            statistics: description.statistics)
        let network = try Network([short], convolutions: convolutions, usualField: subject.usage.defaultInput)
        model = network.models[0]
        values = FlatBuffer(count: network.layout.count)
        for parameter in network.layout.parameters {
            let prefixed = own.name + "." + parameter.name
            let old = own.parameters.first { [parameter.name, prefixed].contains($0.name) }
            guard let old, old.shape == parameter.shape
            else {
                throw InspectionError.unsuitableModel(
                    path: subject.weights.path,
                    problem: "'\(parameter.name)' depends on the picture's size; name a layer before it")
            }
            let from = subject.models.replica.values.pointer + own.layout.offsets[old.index]
            (values.pointer + network.layout.offsets[parameter.index]).update(from: from, count: old.shape.count)
        }
    }
}
