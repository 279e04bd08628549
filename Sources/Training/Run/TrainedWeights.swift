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
    package let usage: WeightsUsage?

    /// Finds the weights and their configuration.
    ///
    /// - Parameters:
    ///   - source: a run directory, or a file in one (or in its `checkpoints`), or one that stands alone.
    ///   - config: the configuration file, where `source` is elsewhere.
    ///   - data: the folder with the data sets, where the run's is not right any more.
    /// - Throws: `TrainingError.noWeights`, `ConfigurationError`.
    package init(_ source: String, config: String?, data: String?) throws {
        let path = try TrainedWeights.weights(source)
        let weights = try WeightsFile.read(path)
        let file = config ?? TrainedWeights.configuration(ofWeights: path)
        let text = config == nil ? weights.metadata[TrainedWeights.configurationKey] : nil
        func read(_ paths: [(key: String, path: String)] = []) throws(ConfigurationError) -> RunConfiguration {
            if let text { return try RunConfiguration(yaml: text, file: path, paths: paths) }
            return try RunConfiguration(file: file, paths: paths)
        }
        var configuration = try read()
        if let stored = configuration.data.path {
            // Where the run's data are not there any more, those of this place may be.
            let isThere = access(stored, F_OK) == 0
            let usual = ProcessInfo.processInfo.environment["TRAINER_DATA"].flatMap { $0.isEmpty ? nil : $0 }
            if let data = data ?? (isThere ? nil : usual), let path = configuration.data.path(in: data) {
                configuration = try read([("data.path", path)])
            }
        }
        self.configuration = configuration
        configuration.arithmetic.use()
        self.path = path
        self.file = weights
        usage = try WeightsUsage(weights, path: path)
    }

    /// The configuration of the run that has left a file of weights: beside it, or above where it is a checkpoint.
    private static func configuration(ofWeights path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        func inside(_ folder: String) -> String { folder.isEmpty ? "config.yaml" : folder + "/config.yaml" }
        // A run may itself be called `checkpoints`.
        guard (folder as NSString).lastPathComponent == "checkpoints", access(inside(folder), F_OK) != 0 else {
            return inside(folder)
        }
        return inside((folder as NSString).deletingLastPathComponent)
    }

    /// The file that `source` is, or that a run has: its averaged weights, else the final, the best, the newest
    /// checkpoint.
    ///
    /// - Throws: `TrainingError.noWeights`.
    static func weights(_ source: String) throws -> String {
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
