import ConfigurationReading
import Foundation
import NeuralNetwork

/// What is drawn of a configuration or a model: its graphs, and its losses.
package struct NetworkOutline: Sendable {
    package let name: String
    package let models: [ModelOutline]
    /// Those of supervised training on outputs of the models; other kinds of training have none that could be drawn.
    package let losses: [LossOutline]

    /// - Parameter source: a configuration, a file that has `model:` alone, or the name of a ready-made model.
    /// - Throws: `ConfigurationError`, `UnknownModel`, `ModelError`, `DataError`, `TrainingError.severalModelInputs`.
    package init(
        _ source: String, overrides: [String] = [],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let isFile = !ZooModel.all.contains { $0.name == source }
        if isFile, try NetworkOutline.isConfiguration(source, overrides, environment) {
            let configuration = try RunConfiguration(file: source, overrides: overrides, environment: environment)
            try self.init(configuration)
        } else {
            let summary = try ModelSummary(source, environment: environment)
            self.init(name: summary.models[0].name, models: summary.models.map(\.outline), losses: [])
        }
    }

    private init(name: String, models: [ModelOutline], losses: [LossOutline]) {
        self.name = name
        self.models = models
        self.losses = losses
    }

    /// Whether a file has more than `model:`; a file that is neither is refused where it is read.
    private static func isConfiguration(
        _ source: String, _ overrides: [String], _ environment: [String: String]
    ) throws -> Bool {
        if !overrides.isEmpty { return true }
        guard FileManager.default.fileExists(atPath: source) else { return false }
        let yaml = try readConfigurationText(file: source)
        return try ModelFile.read(yaml: yaml, file: source, others: false, environment: environment) == nil
    }

    /// What a configuration trains in all phases.
    package init(_ configuration: RunConfiguration) throws {
        let usage = try ModelSummary.usage(of: configuration.data)
        let network = try configuration.network(for: usage)
        // Classes count alike: what they weigh is not drawn.
        let counts = usage.fields.compactMap { field in
            field.meaning.choiceCount.map { (field.name, [Int](repeating: 1, count: $0)) }
        }
        let setup = ObjectiveSetup(
            network: network, fields: usage.fields, defaultInput: usage.defaultInput,
            defaultTarget: usage.defaultTarget, classCounts: Dictionary(uniqueKeysWithValues: counts),
            grainsPerStep: 1, mixesSamples: configuration.data.mixesSamples)
        name = configuration.name
        models = network.models.map(\.outline)
        losses = try configuration.phases.flatMap { phase in
            (try phase.objective.make(setup) as? SupervisedObjective)?.lossOutlines ?? []
        }
    }
}
