import Autograd
import Checkpointing
import DataPipeline
import Interchange
import NeuralNetwork

extension TrainedWeights {
    /// The key of a file's metadata with the configuration that its weights belong to, where the file stands alone.
    static let configurationKey = "configuration"

    /// Writes the weights and statistics of one model to a file that needs no other: it holds the configuration and
    /// what must be known of the data. Of a generative adversarial network the generator is all that makes samples.
    ///
    /// - Throws: `SamplingError.unknownModel`, `CheckpointError`.
    package func export(model name: String, to path: String, _ ranks: Ranks) throws {
        try RankIdentity.requireSame(configuration, ranks)
        let usage = try self.usage ?? usageFromData(ranks)
        let models = try load(usage, ranks, threads: 1) { _ in [name] }
        try ranks.together {
            guard ranks.rank == 0 else { return }
            guard let model = models.network[name] else {
                throw SamplingError.unknownModel(name: name, known: models.network.models.map(\.name))
            }
            let parameters = Set(model.parameters.map(\.name))
            let sources = ModelWeights.lasting(models.network, models.replica.values, step: 0).filter { source in
                parameters.contains(source.signature.name)
            }
            try WeightsFile.content(
                model: name, sources: sources,
                metadata: [
                    WeightsUsage.key: try usage.text(),
                    TrainedWeights.configurationKey: configuration.resolvedYAML(),
                ]
            ).write(to: path)
        }
    }
}
