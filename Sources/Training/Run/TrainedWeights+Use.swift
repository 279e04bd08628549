import Autograd
import Checkpointing
import DataPipeline
import Interchange
import JobHealth
import Kernels
import NeuralNetwork
import TensorCore

/// Trained weights at work: models with their values, ready to compute.
package struct LoadedModels {
    package let network: Network
    let phases: [TrainingPhase]
    package let replica: Replica

    /// What each phase computes.
    package var objectives: [any Objective] { phases.map(\.objective) }
}

extension TrainedWeights {
    /// What a part of the data gives.
    package struct Evaluation: Sendable {
        package var samples: Int
        package var metrics: [MetricValue]
        /// How often samples of each class were taken for each, of every output for classes.
        package var confusions: [ConfusionMatrix]
        /// What forecasts without a model come to on the same samples; none where the data have no such.
        package var baselines: [BaselineFigures]
        /// What people should know of the samples, a sentence each.
        package var notes: [String]
    }

    /// Evaluates on a part of the data, as that is without augmentation; collective.
    ///
    /// - Parameter dropoutSamples: over how many networks with dropout masks of their own to average what is predicted;
    ///   0 for the scaled network.
    package func evaluate(
        _ part: DataPart, _ ranks: Ranks, threads: Int?, dropoutSamples: Int = 0
    ) throws -> Evaluation {
        try RankIdentity.requireSame(configuration, ranks)
        let (samples, preprocessing) = try open(part, ranks)
        var data = WeightsUsage(samples, preprocessing)
        data.classCounts = try usage?.classCounts ?? countedClasses(ranks)
        let models = try load(data, ranks, threads: threads)
        try TargetCheck(models.phases, preprocessing).check([samples], ranks)
        Activity.enter(.evaluation)
        let order = configuration.order(stepsPerEpoch: 1)
        let last = order.kind == .alternating ? models.phases : [models.phases[models.phases.count - 1]]
        let objectives = last.map(\.objective)
        if dropoutSamples > 0 { try requireDropoutAverages(objectives, isSequence: samples.isSequence) }
        let evaluator = try Evaluator(
            ranks: ranks, replica: models.replica, dataset: samples,
            fields: objectives.flatMap(\.fields) + samples.baselines.map(\.field),
            preprocessing: preprocessing, grain: configuration.grain, lanes: configuration.batch,
            key: RandomKey(seed: configuration.seed))
        var baselines = try evaluator.judge(samples.baselines, of: samples, objectives)
        if let own = configuration.baseline {
            let data = try RunData.open(configuration.data, ranks: ranks, preprocessing: preprocessing)
            baselines.append(try evaluator.judge(own, from: data, objectives, ranks))
        }
        let sums =
            try evaluator.evaluate(objectives, dropoutSamples: dropoutSamples)
            ?? objectives.map(\.zeroEvaluationSums)
        return Evaluation(
            samples: Int(sums[0].samples),
            metrics: zip(objectives, sums).flatMap { $1.values(of: $0.metrics) }.filter(\.isCounted),
            confusions: zip(objectives, sums).flatMap { objective, sums in
                objective.confusions.map { $0.matrix(of: sums) }
            }, baselines: baselines, notes: try DamageReport.notes(of: samples, ranks))
    }

    /// The classes of the training samples, where a loss balances them and the weights do not say.
    private func countedClasses(_ ranks: Ranks) throws -> [String: [Int]]? {
        guard configuration.balancesClasses else { return nil }
        return try RunData.open(configuration.data, ranks: ranks).classCounts(for: configuration, ranks)
    }

    /// Refuses to average over dropout masks where that would say nothing. Throws `TrainingError.noDropoutAverage`.
    private func requireDropoutAverages(_ objectives: [any Objective], isSequence: Bool) throws {
        if isSequence {
            throw TrainingError.noDropoutAverage(
                path: path, reason: "a text is read on from window to window, with one state")
        }
        if !objectives.allSatisfy(\.averagesDropout) {
            throw TrainingError.noDropoutAverage(path: path, reason: "its objective has no such average")
        }
    }

    /// All models with the weights loaded; collective.
    package func loadAll(_ data: WeightsUsage, _ ranks: Ranks, threads: Int?) throws -> LoadedModels {
        try load(data, ranks, threads: threads)
    }

    /// The models with the weights loaded; collective.
    ///
    /// - Parameters:
    ///   - data: what a sample consists of.
    ///   - needed: the names of the models that are needed, where the weights may lack others; nil for all.
    func load(
        _ data: WeightsUsage, _ ranks: Ranks, threads: Int?, needed: ([TrainingPhase]) -> [String]? = { _ in nil }
    ) throws -> LoadedModels {
        let threads = threads ?? Placement.defaultThreads(ranksOnHost: ranks.hostSize)
        try ranks.together { try MemoryNeed.checkAddressSpace(threads: threads) }
        let (network, phases) = try RunSetup.phases(configuration, data, ranks)
        try ranks.together { try MemoryNeed.check(network, copies: 1, samples: 1, ranksOnHost: ranks.hostSize) }
        let values = FlatBuffer(count: network.layout.count)
        let models = needed(phases)
        try ranks.together {
            if let models { try load(models, of: network, into: values) } else { try load(network, into: values) }
        }
        try RankIdentity.requireSame(weights: values, ranks)
        let replica = try Replica(
            network: network, values: values, vectors: [], threads: threads, grainCount: ranks.worldSize, ranks: ranks,
            precision: configuration.precision)
        return LoadedModels(network: network, phases: phases, replica: replica)
    }

    /// Loads the weights of some models into `values`; the others' stay zero.
    private func load(_ models: [String], of network: Network, into values: FlatBuffer) throws {
        let parameters = models.compactMap { network[$0] }.flatMap(\.parameters).filter { $0.role != .carried }
        let names = Set(parameters.map(\.name))
        let match = try ModelWeights.loadMatching(file, network, into: values, names: names)
        guard match.missing.isEmpty, match.reshaped.isEmpty else {
            // It names the tensor.
            return try load(network, into: values)
        }
    }

    /// Loads the weights into `values`, whichever kind of file they are in.
    func load(_ network: Network, into values: FlatBuffer) throws {
        if file.metadata["format"] == "trainer-checkpoint" {
            try ModelWeights.load(try Checkpoint(path: path), network, into: values)
        } else {
            try ModelWeights.load(file, network, into: values)
        }
    }
}
