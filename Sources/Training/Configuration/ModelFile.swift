import ConfigurationReading
import NeuralNetwork
import TensorCore

/// Models without data and training, which is all that `summary` needs: a file with `model:` alone, or that part of a
/// configuration.
struct ModelFile: ConfigurationSection {
    static var title: String { "a file of models" }
    private static let keys = ["name", "model", "models"]
    /// A file with any of these describes a run.
    private static let keysOfRuns = ["data", "batch", "optimizer", "phases"]

    let name: String
    let models: [RunConfiguration.NamedModel]

    init(from reader: ConfigurationReader) {
        name = RunConfiguration.name(from: reader)
        models = RunConfiguration.models(from: reader)
    }

    /// Reads the part of a file that describes models.
    ///
    /// - Parameter others: whether the file may describe a run, whose other keys are then not looked at.
    /// - Returns: nil where it describes a run and may not, or is no map.
    /// - Throws: `ConfigurationError`.
    static func read(
        yaml: String, file: String, others: Bool, environment: [String: String]
    ) throws(ConfigurationError) -> ModelFile? {
        let context = ConfigurationContext(file: file, environment: environment)
        var root = try ConfigurationNode.parse(yaml: yaml, context: context)
        guard case .map(let entries) = root.content else { return nil }
        if entries.contains(where: { keysOfRuns.contains($0.key) }) {
            guard others else { return nil }
            root.content = .map(entries.filter { keys.contains($0.key) })
        }
        let reading = ConfigurationType.section(ModelFile.self).read(root, "", context)
        try context.throwProblems()
        return reading?.value
    }

    /// The models, where what they read and how many classes they tell apart is as chosen, or as they say, or as they
    /// were published.
    ///
    /// - Throws: `ModelError`, `UnknownModel`, `TrainingError.severalModelInputs`.
    func network(_ choice: ModelSummary.Choice) throws -> Network {
        try Network(
            try models.map { named -> ModelDescription in
                let name = named.name ?? name
                switch named.model {
                case .zoo(let zoo, let options, let classes):
                    let model = try ZooModel.named(zoo)
                    let input = ModelInput(
                        shape: choice.inputShape ?? model.inputShape,
                        vocabulary: choice.vocabulary ?? model.usualVocabulary)
                    return try ModelConfiguration.zoo(name: zoo, options, classes: choice.classes ?? classes)
                        .description(
                            name: name, input: input, classes: model.usualClasses, isNamed: named.name != nil)
                case .layers(let layers, let inputs):
                    if inputs.count > 1, choice.input != nil {
                        throw TrainingError.severalModelInputs(model: name, inputs: inputs.map(\.name))
                    }
                    let chosen = inputs.map { input in
                        ModelInput(
                            name: input.name, shape: choice.inputShape ?? input.shape,
                            vocabulary: choice.vocabulary ?? input.vocabulary, isOfGraph: true)
                    }
                    return ModelDescription(name: name, inputs: chosen, layers: layers)
                }
            })
    }
}
