import Checkpointing
import ConfigurationReading
import DataPipeline
import Foundation

/// Weights that a run has left, with the configuration that they belong to.
package struct TrainedWeights {
    package let configuration: RunConfiguration
    /// The file that the weights come from.
    package let path: String
    let file: SafetensorsFile
    /// What a user of the weights must know; nil in files of other programs.
    let usage: WeightsUsage?

    /// Finds the weights and their configuration.
    ///
    /// - Parameters:
    ///   - source: a run directory, or a file in one (or in its `checkpoints`), or one that stands alone.
    ///   - config: the configuration file, where `source` is elsewhere.
    ///   - data: the folder with the data sets, where the run's is not right any more.
    /// - Throws: `TrainingError.noWeights`, `ConfigurationError`.
    package init(_ source: String, config: String?, data: String?) throws {
        let path = try TrainedWeights.weights(source)
        var folder = (path as NSString).deletingLastPathComponent
        if (folder as NSString).lastPathComponent == "checkpoints" {
            folder = (folder as NSString).deletingLastPathComponent
        }
        let weights = try WeightsFile.read(path)
        let file = config ?? (folder.isEmpty ? "config.yaml" : folder + "/config.yaml")
        let text = config == nil ? weights.metadata[TrainedWeights.configurationKey] : nil
        func read(_ overrides: [String] = []) throws(ConfigurationError) -> RunConfiguration {
            if let text { return try RunConfiguration(yaml: text, file: path, overrides: overrides) }
            return try RunConfiguration(file: file, overrides: overrides)
        }
        var configuration = try read()
        if let data, configuration.data.path != nil, let path = configuration.data.path(in: data) {
            configuration = try read(["data.path=\(path)"])
        }
        self.configuration = configuration
        self.path = path
        self.file = weights
        usage = try WeightsUsage(weights, path: path)
    }

    private static func weights(_ source: String) throws -> String {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory) else {
            throw TrainingError.noWeights(path: source)
        }
        if !isDirectory.boolValue { return source }
        let directory = RunDirectory(source)
        // Averages are what the run itself validated.
        for path in [directory.averaged, directory.final, directory.best]
        where FileManager.default.fileExists(atPath: path) { return path }
        guard FileManager.default.fileExists(atPath: directory.checkpoints),
            let newest = try CheckpointStore(directory: directory.checkpoints, keep: 1).newestGood().path
        else { throw TrainingError.noWeights(path: source) }
        return newest
    }
}
