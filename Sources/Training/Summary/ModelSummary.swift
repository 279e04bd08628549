import Autograd
import Checkpointing
import ConfigurationReading
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// What models consist of and cost, for one sample.
package struct ModelSummary {
    let network: Network
    /// The weights, by their numbers, that the configuration leaves as they are.
    let frozen: Set<Int>
    /// Nil of a model without a configuration.
    let normalization: NormalizationSummary?
    /// Bytes of rounded factors that a thread keeps besides; 0 in float32.
    let packedBytes: Int
    /// Whether several layers with the beginning of their names in common are one line; nil for a line a layer.
    private let depth: Int?

    /// What a command line says of models beside their file or name.
    package struct Choice: Equatable, Sendable {
        /// The shape of a sample, channels last; nil for the model's own.
        package var input: [Int]?
        package var classes: Int?
        /// How many tokens or classes the input has, for layers that tell them apart.
        package var vocabulary: Int?

        var inputShape: Shape? { input.map { Shape($0) } }

        package init(input: [Int]? = nil, classes: Int? = nil, vocabulary: Int? = nil) {
            self.input = input
            self.classes = classes
            self.vocabulary = vocabulary
        }
    }

    /// - Parameters:
    ///   - source: a configuration, a file that has `model:` alone, or the name of a ready-made model.
    ///   - choice: what is chosen; then a configuration's data are not looked at.
    ///   - depth: so many parts of their names make layers one line; nil for a line a layer.
    /// - Throws: `ConfigurationError`, `UnknownModel`, `ModelError`, `DataError`, `TrainingError.severalModelInputs`.
    package init(
        _ source: String, _ choice: Choice = Choice(), depth: Int? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        self.depth = depth
        if let zoo = ZooModel.all.first(where: { $0.name == source }) {
            let options = ZooOptions(classes: choice.classes ?? zoo.usualClasses)
            let input = ModelInput(
                shape: choice.inputShape ?? zoo.inputShape, vocabulary: choice.vocabulary ?? zoo.usualVocabulary)
            network = try Network([zoo.description(options, input: input)])
            frozen = []
            normalization = nil
            packedBytes = 0
            return
        }
        if !source.contains("/"), !source.contains("."), !FileManager.default.fileExists(atPath: source) {
            _ = try ZooModel.named(source)  // throws, with the names that there are
        }
        let yaml = try readConfigurationText(file: source)
        let models = try ModelFile.read(
            yaml: yaml, file: source, others: choice != Choice(), environment: environment)
        if let models {
            network = try models.network(choice)
            frozen = []
            normalization = nil
            packedBytes = 0
        } else {
            let configuration = try RunConfiguration(yaml: yaml, file: source, environment: environment)
            network = try configuration.network(for: try ModelSummary.usage(of: configuration.data))
            frozen = try configuration.frozenWeights(of: network)
            normalization = NormalizationSummary(batch: configuration.batch, grain: configuration.grain)
            packedBytes =
                configuration.precision == .mixed ? RoundedFactors.bytes(of: network, grain: configuration.grain) : 0
        }
    }

    /// What a sample consists of; opens the data only where their fields are not known without.
    static func usage(of data: DataConfiguration) throws -> WeightsUsage {
        if var fields = data.dataset.knownFields, fields.count > 1 {
            if let geometry = try data.preprocessing.geometry(of: fields[0]) { fields[0] = geometry.field(fields[0]) }
            return WeightsUsage(fields: fields, defaultInput: fields[0].name, defaultTarget: fields[1].name)
        }
        return WeightsUsage(try data.fitted(data.dataset.open(.train, path: data.path, imports: [:])), [])
    }

    var models: [Model] { network.models }

    /// The lines of a model's table.
    func lines(of model: Model) -> [SummaryLine] {
        let inputs = model.inputs.indices.map { SummaryLine(input: model.nodes[$0]) }
        return inputs + SummaryLine.lines(of: model, depth: depth)
    }

    /// The SHA-256 of a file's weights alone.
    package static func digest(ofFile path: String) throws -> String { try WeightsFile.read(path).weightsDigest() }
}

extension RunConfiguration {
    /// The weights that no phase changes, by their numbers.
    ///
    /// - Throws: `ConfigurationError`, `OptimizationError`.
    fileprivate func frozenWeights(of network: Network) throws -> Set<Int> {
        let weights = network.layout.parameters.filter(\.isTrainable)
        var trained: Set<String> = []
        for phase in phases {
            let set = try phase.trainedSet(network.layout, reaching: network.models.map(\.name), network)
            let groups = try phase.makeOptimizer(GradientLayout(network.layout, set)).groups
            for (span, settings) in zip(groups.spans, groups.settings) where !settings.isFrozen {
                trained.insert(span.name)
            }
        }
        return Set(weights.filter { !trained.contains($0.name) }.map(\.index))
    }
}
