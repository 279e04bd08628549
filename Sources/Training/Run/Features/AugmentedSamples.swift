import DataPipeline
import Foundation
import JobHealth
import Kernels
import TensorCore

/// Training samples as they are, and as the first epochs of training see them.
package struct AugmentedSamples {
    package let field: FieldDescription
    package let preprocessing: FieldPreprocessing?
    /// How many samples there are of each kind.
    package let count: Int
    /// First the samples as they are, then those of epoch after epoch, as a model gets them.
    package let samples: [[Float]]
    /// What is done at random, in order.
    package let names: [String]

    /// Collective.
    ///
    /// - Parameters:
    ///   - source: a configuration, or a run directory.
    ///   - first: the first sample's place in the training part; at most the last one's.
    package init(_ source: String, data: String?, first: Int, count: Int, epochs: Int, _ ranks: Ranks) throws {
        let configuration = try ranks.together { try AugmentedSamples.configuration(source, data: data) }
        Activity.enter(.evaluation)
        let opened = try RunData.open(configuration.data, ranks: ranks)
            .measured(for: configuration.data.augment, ranks: ranks)
        let training = opened.training
        let field = training.inputField
        let start = min(first, max(training.count - count, 0))
        let size = min(count, training.count - start)
        self.field = field
        self.count = size
        preprocessing = opened.preprocessing.first { $0.field == field.name }
        names = configuration.data.augment.map { "\(type(of: $0.transform))" }
        samples = try ranks.together {
            let key = RandomKey(seed: configuration.seed)
            let plan = RunOfSamples(first: start, count: size)
            func read(_ augment: [Augmentation], epoch: Int) throws -> [[Float]] {
                let source = try opened.trainingSource(plan: plan, fields: [field.name], augment: augment, key: key)
                let batch = try BatchReader(source).read(step: epoch, grain: 0).fields
                let values = batch.input(field.name, pool: StoragePool()).values
                let width = values.count / max(batch.count, 1)
                return (0..<batch.count).map { Array(values[$0 * width..<($0 + 1) * width]) }
            }
            return try read([], epoch: 0)
                + (0..<epochs).flatMap { try read(configuration.data.augment, epoch: $0) }
        }
    }

    private static func configuration(_ source: String, data: String?) throws -> RunConfiguration {
        var isDirectory: ObjCBool = false
        let isRun = FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory) && isDirectory.boolValue
        let file = isRun ? RunDirectory(source).configuration : source
        let configuration = try RunConfiguration(file: file)
        guard let data, let path = configuration.data.path(in: data) else { return configuration }
        return try RunConfiguration(file: file, paths: [("data.path", path)])
    }
}
