import ConfigurationReading
import Autograd
import Checkpointing
import DataPipeline
import Foundation
import Interchange
import JobHealth
import Kernels
import NeuralNetwork
import TensorCore

/// Weights that a run has left, with the configuration that they belong to.
package struct TrainedWeights {
    package let configuration: RunConfiguration
    /// The file that the weights come from.
    package let path: String

    package var hasAccuracy: Bool { true }

    /// Finds the weights and their configuration.
    ///
    /// - Parameters:
    ///   - source: a run directory, or a file in one (or in its `checkpoints`).
    ///   - config: the configuration file, where `source` is elsewhere.
    ///   - data: the folder with the data sets, where the run's is not right any more.
    /// - Throws: `TrainingError.noWeights`, `ConfigurationError`.
    package init(_ source: String, config: String?, data: String?) throws {
        let path = try TrainedWeights.weights(source)
        var folder = (path as NSString).deletingLastPathComponent
        if (folder as NSString).lastPathComponent == "checkpoints" {
            folder = (folder as NSString).deletingLastPathComponent
        }
        let file = config ?? (folder.isEmpty ? "config.yaml" : folder + "/config.yaml")
        var configuration = try RunConfiguration(file: file)
        if let data, configuration.data.path != nil {
            configuration = try RunConfiguration(
                file: file, overrides: ["data.path=\(data)/\(configuration.data.name.rawValue)"])
        }
        self.configuration = configuration
        self.path = path
    }

    private static func weights(_ source: String) throws -> String {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory) else {
            throw TrainingError.noWeights(path: source)
        }
        if !isDirectory.boolValue { return source }
        let directory = RunDirectory(source)
        for path in [directory.final, directory.best] where FileManager.default.fileExists(atPath: path) { return path }
        guard FileManager.default.fileExists(atPath: directory.checkpoints),
            let newest = try CheckpointStore(directory: directory.checkpoints, keep: 1).newestGood().path
        else { throw TrainingError.noWeights(path: source) }
        return newest
    }

    /// Loads the weights into `values`, whichever kind of file they are in.
    package func load(_ model: Model, into values: FlatBuffer) throws {
        let file = try WeightsFile.read(path)
        if file.metadata["format"] == "trainer-checkpoint" {
            try ModelWeights.load(try Checkpoint(path: path), model, into: values)
        } else {
            try ModelWeights.load(file, model, into: values)
        }
    }

    /// The sums over the official test set; collective.
    package func evaluateTest(_ ranks: Ranks, threads: Int?) throws -> Tally {
        try RankIdentity.requireSame(configuration, ranks)
        let (test, preprocessing) = try RunData.openTest(configuration.data, ranks: ranks)
        let (replica, objective) = try makeReplica(test, ranks, threads: threads)
        Activity.enter(.evaluation)
        return try Evaluator(
            ranks: ranks, replica: replica, objective: objective, dataset: test, preprocessing: preprocessing,
            grain: configuration.grain, key: RandomKey(seed: configuration.seed)
        ).evaluate()
    }

    /// A replica with the weights loaded; collective.
    func makeReplica(_ dataset: any Dataset, _ ranks: Ranks, threads: Int?) throws -> (Replica, any Objective) {
        let (model, objective) = try RunSetup.model(configuration, dataset, ranks)
        try ranks.together { try MemoryNeed.check(model, copies: 1, samples: 1, ranksOnHost: ranks.hostSize) }
        let values = FlatBuffer(count: model.layout.count)
        try ranks.together { try load(model, into: values) }
        try RankIdentity.requireSame(weights: values, ranks)
        let replica = try Replica(
            model: model, values: values, threads: threads ?? Placement.defaultThreads(ranksOnHost: ranks.hostSize),
            grainCount: ranks.worldSize, ranks: ranks)
        return (replica, objective)
    }
}
