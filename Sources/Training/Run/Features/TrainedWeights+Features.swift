import Autograd
import DataPipeline
import JobHealth
import Kernels
import NeuralNetwork
import TensorCore

/// A part of the data that a run was made with.
package enum DataPart: String, CaseIterable, Sendable {
    case train, validation, test
}

extension TrainedWeights {
    /// What a layer makes of the samples of files; collective.
    ///
    /// - Parameter node: its name, `model.layer` where there are several models.
    package func features(of node: String, files: [String], _ ranks: Ranks) throws -> FeatureTable {
        try RankIdentity.requireSame(configuration, ranks)
        let usage = try self.usage ?? usageFromData(ranks)
        let models = try load(usage, ranks, threads: 1)
        return try ranks.together {
            let values = try NodeValues(node, objectiveSetup(models, usage))
            let predictor = try Predictor(
                models, values, configuration.data, usage, path: path, dropoutSamples: 0)
            var table = FeatureTable(name: node, shape: values.shape, label: nil)
            for file in files {
                try predictor.forEachContext(file) { _, context in
                    table.append(try whole(values.predict(context)[0], node), labels: [])
                }
            }
            return table
        }
    }

    /// What a layer makes of a part of the run's data, with the usual target where that is a class; collective. Only
    /// rank 0 computes; the other ranks' tables have no rows.
    package func features(of node: String, part: DataPart, _ ranks: Ranks) throws -> FeatureTable {
        try RankIdentity.requireSame(configuration, ranks)
        let (dataset, preprocessing) = try open(part, ranks)
        let usage = WeightsUsage(dataset, preprocessing)
        let models = try load(usage, ranks, threads: 1)
        return try ranks.together {
            let values = try NodeValues(node, objectiveSetup(models, usage))
            if dataset.isSequence { throw TrainingError.noFeaturesOfText(path: path) }
            let label = dataset.targetField.flatMap {
                $0.elementType == .int32 && $0.shape.count == 1 && $0.variableAxis == nil ? $0 : nil
            }
            var table = FeatureTable(name: node, shape: values.shape, label: label)
            if ranks.rank > 0 { return table }
            try evaluator(dataset, preprocessing, values.fields + (label.map { [$0.name] } ?? []), models, ranks)
                .forEachOfFirst(dataset.count) { context in
                    table.append(
                        try whole(values.predict(context)[0], node),
                        labels: label.map { Array(context.batch.integers($0.name).values) } ?? [])
                }
            return table
        }
    }

    /// The samples of a part of the run's data, and how their values become inputs. Collective.
    package func open(_ part: DataPart, _ ranks: Ranks) throws -> (any Dataset, [FieldPreprocessing]) {
        if part == .test { return try RunData.openTest(configuration.data, stored: usage?.preprocessing, ranks: ranks) }
        let data = try RunData.open(configuration.data, ranks: ranks, preprocessing: usage?.preprocessing)
        if part == .train { return (data.training, data.preprocessing) }
        return try ranks.together {
            guard let validation = data.validation else { throw TrainingError.noValidationPart(path: path) }
            return (validation, data.preprocessing)
        }
    }

    /// What walks a data set.
    package func evaluator(
        _ dataset: any Dataset, _ preprocessing: [FieldPreprocessing], _ fields: [String], _ models: LoadedModels,
        _ ranks: Ranks
    ) throws -> Evaluator {
        try Evaluator(
            ranks: ranks, replica: models.replica, dataset: dataset,
            fields: fields.enumerated().filter { fields.firstIndex(of: $1) == $0 }.map(\.element),
            preprocessing: preprocessing, grain: configuration.grain, lanes: configuration.batch,
            key: RandomKey(seed: configuration.seed))
    }

    package func objectiveSetup(_ models: LoadedModels, _ data: WeightsUsage) -> ObjectiveSetup {
        ObjectiveSetup(
            network: models.network, fields: data.fields, defaultInput: data.defaultInput,
            defaultTarget: data.defaultTarget)
    }

    /// Throws `TrainingError.severalLengths` of sequences that no table holds.
    private func whole(_ value: Variable, _ node: String) throws -> Tensor {
        guard value.lengths == nil else { throw TrainingError.severalLengths(path: path, output: node) }
        return value.value
    }
}
