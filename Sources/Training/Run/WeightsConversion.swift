import Autograd
import Checkpointing
import Foundation
import Interchange
import NeuralNetwork
import System

/// Makes a file of tensors alone from what a run has left, or from the file of another program: parameters and
/// statistics under PyTorch's names, in its shapes and orders, for `load_state_dict` there and `start`, `evaluate` and
/// `predict` here.
package struct WeightsConversion {
    /// Changes of names, in their order.
    package var renamings: [TensorRenaming] = []
    /// Whether a model may lack some of its parameters in the file.
    package var isPartial = false

    package struct Result {
        /// The tensors, with no metadata but `format: pt`.
        package let file: SafetensorsFile
        /// What was done, a sentence each.
        package let report: [String]
    }

    package init(renamings: [TensorRenaming] = [], isPartial: Bool = false) {
        self.renamings = renamings
        self.isPartial = isPartial
    }

    /// - Parameters:
    ///   - source: a run directory, a weights file or a checkpoint of this program, or a safetensors file of another.
    ///   - model: a configuration, a file that has `model:` alone, or the name of a ready-made model, whose parameters
    ///     are wanted; nil for all that the source has.
    ///   - choice: what is chosen for that model.
    /// - Throws: `CheckpointError`, `TrainingError.noWeights`, `ConversionError`, and what `ModelSummary` throws.
    package func callAsFunction(
        _ source: String, model: String? = nil, _ choice: ModelSummary.Choice = .init()
    ) throws -> Result {
        let network = try model.map { try ModelSummary($0, choice).network }
        let path = try TrainedWeights.weights(source)
        let plain = try plainTensors(path)
        let known = network?.layout.parameters.map(\.name) ?? []
        let foreign = try ForeignWeights(plain, renamings: renamings, known: known)
        if let place = foreign.renamed.firstIndex(of: 0) {
            throw ConversionError.renamesNothing(
                path: path, pattern: renamings[place].text, names: foreign.file.tensors.map(\.name))
        }
        let found = "\(plain.tensors.count) tensors" + changes(foreign)
        guard let network else { return Result(file: foreign.file, report: ["\(path): \(found)"]) }
        let (file, match) = try matched(foreign.file, network, path: path, found: found)
        return Result(file: file, report: ["\(path): \(found)", "\(model ?? ""): \(match)"])
    }

    private func changes(_ foreign: ForeignWeights) -> String {
        (foreign.prefix.isEmpty ? "" : "; '\(foreign.prefix)' taken off every name")
            + zip(renamings, foreign.renamed).map { "; \($0.text) renamed \($1)" }.joined()
    }

    /// What the file at `path` has for use, under plain names: of a checkpoint without the state of training.
    private func plainTensors(_ path: String) throws -> SafetensorsFile {
        let file = try WeightsFile.read(path)
        guard file.metadata["format"] == "trainer-checkpoint" else { return file }
        let checkpoint = try Checkpoint(path: path)
        let weights = try TrainedWeights(path, config: nil, data: nil)
        let network = try weights.configuration.network(
            for: try weights.usage ?? ModelSummary.usage(of: weights.configuration.data))
        let values = FlatBuffer(count: network.layout.count)
        try ModelWeights.load(checkpoint, network, into: values)
        return try SafetensorsFile(
            metadata: [:], sources: ModelWeights.lasting(network, values, step: checkpoint.step))
    }

    /// The tensors that are the network's parameters, and what matched.
    private func matched(
        _ file: SafetensorsFile, _ network: Network, path: String, found: String
    ) throws -> (SafetensorsFile, String) {
        let values = FlatBuffer(count: network.layout.count)
        let names = Set(network.layout.parameters.filter { $0.role != .carried }.map(\.name))
        let match = try ModelWeights.loadMatching(file, network, into: values, names: names)
        let expected = ModelWeights.signatures(network)
        let shapes = Dictionary(
            (expected.weights + expected.buffers).map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        let reshaped = match.reshaped.map { name in
            "\(name) (\(shapes[name] ?? []) in the model, \(file.tensor(name)?.shape ?? []) in the file)"
        }
        let report =
            "\(match.taken) of \(names.count) parameters matched"
            + MatchReport.list("missing in the file", match.missing)
            + MatchReport.list("of another shape", reshaped) + MatchReport.list("not used of the file", match.unused)
        if match.taken == 0 || !isPartial && match.taken < names.count {
            throw ConversionError.doesNotFit(path: path, report: "\(found); \(report)", fitsPartly: match.taken > 0)
        }
        let absent = Set(match.missing + match.reshaped)
        let sources = ModelWeights.lasting(network, values, step: 0).filter { source in
            let name = source.signature.name
            guard source.signature.isBatchCount else { return !absent.contains(name) }
            let mean = name.dropLast(TensorSignature.batchCountSuffix.count) + ".running_mean"
            return !absent.contains(String(mean))
        }
        return (try SafetensorsFile(metadata: ["format": "pt"], sources: sources), report)
    }
}

/// Lists of names in a sentence.
enum MatchReport {
    /// `; missing there: a, b`; nothing where there are none.
    static func list(_ words: String, _ names: [String]) -> String {
        if names.isEmpty { return "" }
        let shown = names.prefix(12).joined(separator: ", ")
        return "; \(words): \(shown)\(names.count > 12 ? ", … (\(names.count) in all)" : "")"
    }
}

/// Why a file of weights can't be converted; each text ends with what to do.
package enum ConversionError: Error, Equatable, CustomStringConvertible {
    /// A change of names that no name fits.
    case renamesNothing(path: String, pattern: String, names: [String])
    /// The file does not have all that the model wants.
    case doesNotFit(path: String, report: String, fitsPartly: Bool)

    package var description: String {
        switch self {
        case .renamesNothing(let path, let pattern, let names):
            let old = String(pattern.prefix { $0 != "=" })
            let nearest = nearestName(to: old, among: names).map { "did you mean '\($0)'? " } ?? ""
            return "\(path): --rename '\(pattern)' fits no name; \(nearest)there are: "
                + names.prefix(40).joined(separator: ", ")
        case .doesNotFit(let path, let report, let fitsPartly):
            return "\(path): \(report); give the model that belongs to the file, or rename tensors with --rename"
                + (fitsPartly ? ", or take what fits with --partial, for start" : "")
        }
    }
}
