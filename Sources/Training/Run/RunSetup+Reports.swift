import Checkpointing
import DataPipeline
import Foundation
import JobHealth
import Kernels
import NeuralNetwork

extension RunSetup {
    /// What the run is, for its header and report.
    func description(threads: Int, baselines: [BaselineFigures] = []) -> RunDescription {
        RunDescription(
            configurationName: configuration.name, model: network.models.map(\.name).joined(separator: ", "),
            parameterCount: network.layout.trainableParameterCount,
            ranks: ranks.worldSize, threadsPerRank: threads, hosts: ranks.hosts,
            cores: min(Placement.onlineCores, max(Placement.usableCores, ranks.worldSize * threads)),
            batch: configuration.batch,
            grain: configuration.grain,
            epochs: configuration.epochs ?? (totalSteps + plan.stepsPerEpoch - 1) / plan.stepsPerEpoch,
            stepsPerEpoch: plan.stepsPerEpoch, totalSteps: totalSteps, trainingSamples: data.training.count,
            validationSamples: data.validation?.count ?? 0, runDirectory: directory.path,
            resumedFromStep: firstStep > 0 ? firstStep : nil, openBLASCore: LinearAlgebraLibrary.coreName,
            metrics: phases.flatMap(\.objective.metrics).map(\.description), baselines: baselines,
            notes: phases.flatMap(\.objective.notes) + productNotes + wireNotes + meetingNotes + sharingNotes
                + data.training.source.notes)
    }

    /// What the first line says about `arithmetic` and `precision`.
    private var productNotes: [String] {
        let notes =
            configuration.arithmetic == .portable ? ["portable arithmetic: the same bits on any processor"] : []
        guard configuration.precision == .mixed else { return notes }
        return notes + [
            ProductPrecision.isEmulated
                ? "mixed precision: this processor has no instruction for products of bfloat16 (AVX512_BF16), so that "
                    + "they take about five times as long as in float32, to the same bits as where it is; float32 is "
                    + "faster here"
                : "mixed precision: layers multiply bfloat16, 3×3 convolutions 16-bit fixed point, and add in float32"
        ]
    }

    /// What the first line says about `communication.wire`.
    private var wireNotes: [String] {
        guard configuration.wire == .bfloat16 else { return [] }
        return [
            replica.sendsBuckets
                ? "leaves the bit contract: gradients travel as bfloat16"
                : "communication.wire bfloat16 has no effect: nothing travels between hosts"
        ]
    }

    /// What the first line says about layers over the whole batch.
    private var meetingNotes: [String] {
        guard phases.contains(where: { network.meetsOverBatch($0.vector) }) else { return [] }
        return [
            "statistics of the whole batch, so that all grains of a rank (\(replica.grainsAtOnce)) are in memory at "
                + "once"
        ]
    }

    /// The validation whose state the plateau rule goes back to; nil without rollback.
    func rollback(step: Int) -> Checkpoint.BestMetric? {
        let rate = control.learningRates.phases[control.learningRates.deciding(before: step)]
        guard state.keepsBest, let plateau = rate.plateau, let value = plateau.best, let step = plateau.bestStep
        else { return nil }
        return .init(name: rate.monitor.name, value: value, step: step)
    }

    /// What a checkpoint says of the run after `step` finished steps.
    func progress(step: Int, _ validation: Validation) -> CheckpointKeeper.Progress {
        CheckpointKeeper.Progress(
            step: step, best: control.best, rollback: rollback(step: step), learningRate: control.learningRates.state,
            end: control.endRule?.state ?? [:], validationIsPending: validation.isInterrupted)
    }

    /// The last record of this process's part of the run.
    func finalRecord(
        step: Int, validation: [MetricValue]?, digest: String, seconds: Double, reason: FinalRecord.ExitReason
    ) -> FinalRecord {
        FinalRecord(
            epochs: Double(step) / Double(plan.stepsPerEpoch), steps: step,
            validation: validation.map { $0.map { FinalRecord.Figure($0.description, $0.value) } }
                ?? order.phasesInTurn(before: step).flatMap { phases[$0].objective.metrics }.map {
                    FinalRecord.Figure($0.description, nil)
                }, digest: digest, seconds: seconds, exitReason: reason)
    }

    /// Finds what in a step is not finite by computing its grains again, one by one; collective.
    func nonFiniteCause(step: Int, seen: String, weightsHaveMoved: Bool = false) throws -> any Error {
        var own: TrainingError?
        let reader = BatchReader(
            try data.joined(with: phaseData).trainingSource(
                plan: plan, fields: phases.flatMap(\.objective.fields), augment: configuration.data.augment, key: key))
        let phase = phase(ofStep: step)
        for grain in grains where own == nil {
            Activity.beat()
            let batch = try reader.read(step: step, grain: grain).fields
            poison(batch, .training)
            let key = stepKey(step).folding(grain)
            let found = configuration.precision.use {
                NonFiniteSearch(
                    layout: phase.vector, values: state.values, phase.objective, batch, mode: .training(key), key: key,
                    grain: grain, weightsHaveMoved: weightsHaveMoved)
            }
            if let found {
                own = .nonFinite(step: step + 1, what: found.what, rank: ranks.rank, samples: found.samples)
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
