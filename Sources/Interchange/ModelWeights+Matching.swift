import Autograd
import Checkpointing
import NeuralNetwork

extension ModelWeights {
    /// How given weights fit models.
    package struct Match: Equatable, Sendable {
        /// How many parameters were taken.
        package var taken = 0
        /// Parameters that the file lacks.
        package var missing: [String] = []
        /// Parameters that have another shape in the file.
        package var reshaped: [String] = []
        /// Tensors of the file that no wanted parameter has.
        package var unused: [String] = []
    }

    /// Fills what fits from a weights file or a checkpoint, and leaves the rest as it is.
    ///
    /// - Parameters:
    ///   - names: of the parameters that are wanted.
    ///   - prefix: what their names begin with here, and not in the file.
    package static func loadMatching(
        _ file: SafetensorsFile, _ network: Network, into values: FlatBuffer, names: Set<String>, prefix: String = ""
    ) throws -> Match {
        var match = Match()
        var used: Set<String> = []
        let isCheckpoint = file.metadata["format"] == "trainer-checkpoint"
        for parameter in network.layout.parameters where names.contains(parameter.name) {
            let plain =
                parameter.name.hasPrefix(prefix) ? String(parameter.name.dropFirst(prefix.count)) : parameter.name
            let name = isCheckpoint ? (parameter.isTrainable ? "model." : "buffer.") + plain : plain
            let layout = network.exchangeLayouts[parameter.index]
            guard let found = file.tensor(name) else {
                match.missing.append(parameter.name)
                continue
            }
            used.insert(name)
            guard found.shape == layout.shape(parameter.shape) else {
                match.reshaped.append(parameter.name)
                continue
            }
            let floats = try file.floats(of: name)
            let target = values.pointer + network.layout.offsets[parameter.index]
            layout.forEachElement(parameter.shape) { here, there in target[here] = floats[there] }
            match.taken += 1
        }
        let own = file.tensors.filter { !$0.isBatchCount }.map(\.name).filter {
            !isCheckpoint || !$0.hasPrefix("optimizer.")
        }
        match.unused = own.filter { !used.contains($0) }
        return match
    }
}
