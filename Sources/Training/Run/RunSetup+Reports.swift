import Checkpointing
import DataPipeline
import Foundation
import JobHealth
import Kernels

extension RunSetup {
    /// What the run is, for its header and report.
    func description(threads: Int) -> RunDescription {
        RunDescription(
            configurationName: configuration.name, model: model.name,
            parameterCount: model.layout.trainableParameterCount,
            ranks: ranks.worldSize, threadsPerRank: threads, hosts: ranks.hosts,
            cores: min(Placement.onlineCores, max(Placement.usableCores, ranks.worldSize * threads)),
            batch: configuration.batch,
            grain: configuration.grain,
            epochs: configuration.epochs ?? (totalSteps + plan.stepsPerEpoch - 1) / plan.stepsPerEpoch,
            stepsPerEpoch: plan.stepsPerEpoch, totalSteps: totalSteps, trainingSamples: data.training.count,
            validationSamples: data.validation?.count ?? 0, runDirectory: directory.path,
            resumedFromStep: firstStep > 0 ? firstStep : nil, openBLASCore: LinearAlgebraLibrary.coreName,
            notes: wireNotes)
    }

    /// What the first line says about `communication.wire`.
    private var wireNotes: [String] {
        guard configuration.wire == .bfloat16 else { return [] }
        return [
            replica.sendsMessages
                ? "leaves the bit contract: gradients travel as bfloat16"
                : "communication.wire bfloat16 has no effect: nothing travels between hosts"
        ]
    }

    /// The number that decides about the learning rate and the best weights; smaller is better.
    func monitored(_ tally: Tally) -> Double {
        switch learningRate.monitor {
        case .valLoss: tally.meanLoss
        // Outputs that are no numbers are right by chance only.
        case .valError: objective.hasAccuracy && tally.meanLoss.isFinite ? 1 - tally.accuracy : tally.meanLoss
        }
    }

    /// The validation whose state the plateau rule goes back to; nil without rollback.
    var rollback: Checkpoint.BestMetric? {
        guard state.keepsBest, let plateau = learningRate.plateau, let value = plateau.best, let step = plateau.bestStep
        else { return nil }
        return .init(name: learningRate.monitor.rawValue, value: value, step: step)
    }

    /// The last record of this process's part of the run.
    func finalRecord(
        step: Int, validation: Tally?, digest: String, seconds: Double, reason: FinalRecord.ExitReason
    ) -> FinalRecord {
        FinalRecord(
            epochs: Double(step) / Double(plan.stepsPerEpoch), steps: step, valLoss: validation?.meanLoss,
            valAccuracy: objective.hasAccuracy ? validation?.accuracy : nil, digest: digest, seconds: seconds,
            exitReason: reason)
    }

    /// Finds what in a step is not finite by computing its grains again, one by one; collective.
    func nonFiniteCause(step: Int, seen: String, weightsHaveMoved: Bool = false) throws -> any Error {
        var own: TrainingError?
        let loader = try BatchLoader(
            dataset: data.training, plan: plan, preprocessing: data.preprocessing,
            augmentations: configuration.data.augment,
            key: key, grains: grains, steps: step..<step + 1, depth: 1, threads: 0)
        defer { loader.stop() }
        for grain in grains where own == nil {
            Activity.beat()
            try loader.withBatch(step: step, grain: grain) { batch in
                let key = key.folding(.dropout).folding(step).folding(grain)
                if let found = NonFiniteSearch(
                    model, values: state.values, objective, Samples(batch), mode: .training(key),
                    weightsHaveMoved: weightsHaveMoved)
                {
                    own = .nonFinite(step: step + 1, what: found.what, rank: ranks.rank, samples: found.samples)
                }
            }
        }
        do {
            try ranks.together { if let own { throw own } }
            try ranks.together {
                if ranks.rank == 0 { throw TrainingError.nonFiniteSum(step: step + 1, what: seen) }
            }
        } catch {
            return error
        }
        return TrainingError.elsewhere(rank: 0)
    }
}
