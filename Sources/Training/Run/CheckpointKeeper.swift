import Checkpointing
import Foundation
import Interchange

/// Rank 0's side of checkpointing: what is due, writing in the background, the best and final weights.
final class CheckpointKeeper {
    private let directory: RunDirectory
    private let configuration: CheckpointConfiguration
    private let fingerprint: String
    private let store: CheckpointStore
    private let writer: BackgroundCheckpointWriter
    private var lastTime = Clock.seconds
    private var lastStep: Int
    /// Saves that have ended since the last call of ``report(to:step:)``, filled by the writer's thread.
    private let outcomes: SaveOutcomes
    /// Finished steps that a kill may cost; nil where time alone decides when a checkpoint is due.
    private let intervalSteps: Int?

    init(
        _ directory: RunDirectory, _ configuration: CheckpointConfiguration, fingerprint: String, stepsPerEpoch: Int, _ start: RunSetup.Start
    ) throws {
        self.directory = directory
        self.configuration = configuration
        self.fingerprint = fingerprint
        intervalSteps = configuration.intervalSteps(stepsPerEpoch: stepsPerEpoch)
        outcomes = SaveOutcomes(newestStep: start.step)
        // A state that has been validated replaces the one that has not.
        lastStep = start.step > 0 && !start.validationIsPending ? start.step : -1
        store = try CheckpointStore(directory: directory.checkpoints, keep: configuration.keep)
        writer = BackgroundCheckpointWriter(store: store)
    }

    /// Whether the time for the next checkpoint comes within a step that takes so long; the other ranks do not know it.
    ///
    /// A checkpoint counts from when it is on disk. So it is made earlier by the time that the last one took to get there, but
    /// not more often than twice in an interval, however slow the disk is.
    func isTimeDue(stepSeconds: Double) -> Bool {
        guard let interval = configuration.everySeconds else { return false }
        return Clock.seconds - lastTime >= max(interval - outcomes.lastSaveSeconds - stepSeconds, interval / 2)
    }

    /// Whether a kill after `step` finished steps would cost more than one interval, unless the save that runs ends before.
    func mustWait(step: Int) -> Bool { intervalSteps.map { step - outcomes.newestStep > $0 } ?? false }

    /// What goes into a checkpoint beside the tensors.
    struct Progress {
        var step: Int
        /// The best validation so far, for the best weights.
        var best: Checkpoint.BestMetric?
        /// The validation that the plateau rule goes back to, whose checkpoint is kept; with a least improvement it may be another.
        var rollback: Checkpoint.BestMetric?
        var learningRate: [String: String]
        /// Whether the run was stopped before the validation that belongs after `step`.
        var validationIsPending = false
    }

    /// Copies the state and hands it to the writing thread.
    func save(_ state: TrainingState, _ progress: Progress) throws {
        let step = progress.step
        if step == lastStep { return }
        let start = Clock.seconds
        var texts = CheckpointState()
        try texts.set(progress.learningRate, for: CheckpointKeeper.learningRateKey)
        if let best = progress.best { try texts.set(best, for: CheckpointKeeper.bestKey) }
        if progress.validationIsPending { try texts.set(true, for: CheckpointKeeper.validationIsPendingKey) }
        let checkpoint = try state.checkpoint(
            step: step, best: progress.rollback ?? progress.best, configFingerprint: fingerprint, state: texts)
        let store = store
        let outcomes = outcomes
        let best = directory.best
        try submit(step: step) {
            do throws(CheckpointError) {
                // A checkpoint is of no use without the one that it goes back to.
                if let owed = outcomes.owed(to: checkpoint) { try store.save(owed) }
                let path = try store.save(checkpoint)
                outcomes.saved(CheckpointRecord(step: step, path: path, seconds: Clock.seconds - start))
            } catch {
                outcomes.couldNotSave(checkpoint, error)
                throw error
            }
            // The best weights that the storage refused earlier.
            try outcomes.payBest(to: best)
        }
        lastStep = step
        lastTime = start
    }

    static let learningRateKey = "learningRate"
    static let bestKey = "best"
    static let validationIsPendingKey = "validationIsPending"

    /// Writes the weights of the best validation so far.
    func saveBest(_ state: TrainingState, step: Int) throws {
        guard configuration.best else { return }
        let file = try CheckpointKeeper.weights(state)
        let path = directory.best
        let outcomes = outcomes
        try submit(step: step) {
            outcomes.owe(best: file)
            try outcomes.payBest(to: path)
        }
    }

    /// Hands `save` to the writing thread; where the run is to go on without it, a refusal of the storage becomes an outcome.
    private func submit(step: Int, _ save: @escaping @Sendable () throws -> Void) throws {
        guard configuration.onFailure == .continue else { return try writer.submit(save) }
        let outcomes = outcomes
        try writer.submit {
            do {
                try save()
            } catch let error as CheckpointError where error.isOfStorage {
                outcomes.goesOn(step: step, error)
            }
        }
    }

    /// Writes the weights at the end of the run, and waits until everything is on disk; gives the weights' digest.
    func finish(_ state: TrainingState) throws -> String {
        let outcomes = outcomes
        let best = directory.best
        try submit(step: lastStep) { try outcomes.payBest(to: best) }
        try writer.drain()
        let file = try CheckpointKeeper.weights(state)
        try file.write(to: directory.final)
        return try file.weightsDigest()
    }

    /// Waits until everything is on disk.
    func drain() throws { try writer.drain() }

    /// Throws the error of a save that failed in the background since the last call, unless the run goes on without it.
    func check() throws { try writer.check() }

    /// The digest of the present weights.
    static func digest(_ state: TrainingState) throws -> String { try weights(state).weightsDigest() }

    /// Why the newest checkpoint that was submitted is not on disk; nil where it is.
    var failureOfNewest: CheckpointError? { outcomes.failureOfNewest }

    /// Tells `observer` what has reached the disk, or failed to, since the last call; `step` is the present one.
    ///
    /// Returns what has been saved.
    @discardableResult
    func report(to observer: (any TrainingObserver)?, step: Int) throws -> [CheckpointRecord] {
        var saved: [CheckpointRecord] = []
        for outcome in outcomes.take() {
            switch outcome {
            case .saved(let record):
                saved.append(record)
                try observer?.saved(record)
            case .failed(let failedStep, let error):
                try observer?.decided(
                    DecisionRecord(
                        step: step, kind: .saveFailed,
                        reason: "the state after step \(failedStep) was not saved, training goes on: \(error)"))
            }
        }
        return saved
    }

    private static func weights(_ state: TrainingState) throws -> SafetensorsFile {
        let (weights, buffers) = ModelWeights.sources(state.model, state.values)
        return try WeightsFile.content(model: state.model.name, sources: weights + buffers)
    }
}
