import Checkpointing
import Foundation
import Interchange
import System

/// Rank 0's side of checkpointing: what is due, writing in the background, the best and final weights.
final class CheckpointKeeper {
    let directory: RunDirectory
    /// The hold on the run directory.
    let lock: RunDirectoryLock
    private let configuration: RunConfiguration
    /// What `config.yaml` holds.
    private let configurationText: String
    private let store: CheckpointStore
    private let writer: BackgroundCheckpointWriter
    private var lastTime = Clock.seconds
    private var lastStep: Int
    /// The texts of the checkpoint that the plateau rule goes back to.
    private var rollbackTexts: CheckpointState
    /// Saves that have ended since the last call of ``report(to:step:)``, filled by the writer's thread.
    private let outcomes: SaveOutcomes
    /// What somebody who has the weights must know of the data, see ``WeightsUsage``.
    private let usage: String
    /// What the run is trained on.
    private let data: [DataIdentity]
    /// Finished steps that a kill may cost; nil where time alone decides when a checkpoint is due.
    private let intervalSteps: Int?

    /// Writes the configuration, too.
    init(
        _ directory: RunDirectory, _ lock: RunDirectoryLock, _ configuration: RunConfiguration, stepsPerEpoch: Int,
        usage: String, data: [DataIdentity], _ start: RunSetup.Start
    ) throws {
        self.usage = usage
        self.data = data
        let text = try configuration.storedYAML(startedIn: FileManager.default.currentDirectoryPath)
        configurationText = text
        self.directory = directory
        self.lock = lock
        self.configuration = configuration
        rollbackTexts = CheckpointState(texts: start.rollbackTexts)
        intervalSteps = configuration.checkpoint.intervalSteps(stepsPerEpoch: stepsPerEpoch)
        outcomes = SaveOutcomes(newestStep: start.step)
        // A state that has been validated replaces the one that has not.
        lastStep = start.step > 0 && !start.validationIsPending ? start.step : -1
        store = try CheckpointKeeper.saving { () throws(CheckpointError) in
            try CheckpointKeeper.write(text, in: directory)
            return try CheckpointStore(directory: directory.checkpoints, keep: configuration.checkpoint.keep)
        }
        writer = try BackgroundCheckpointWriter(store: store)
    }

    /// Whether the time for the next checkpoint comes within a step that takes so long; the other ranks do not know it.
    ///
    /// A checkpoint counts from when it is on disk. So it is made earlier by the time that the last one took to get
    /// there, but not more often than twice in an interval, however slow the disk is.
    func isTimeDue(stepSeconds: Double) -> Bool {
        guard let interval = configuration.checkpoint.everySeconds else { return false }
        return Clock.seconds - lastTime >= max(interval - outcomes.lastSaveSeconds - stepSeconds, interval / 2)
    }

    /// Whether a kill after `step` finished steps would cost more than one interval, unless the save that runs ends
    /// before.
    func mustWait(step: Int) -> Bool { intervalSteps.map { step - outcomes.newestStep > $0 } ?? false }

    /// What goes into a checkpoint beside the tensors.
    struct Progress {
        var step: Int
        /// The best validation so far, for the best weights.
        var best: Checkpoint.BestMetric?
        /// The validation that the plateau rule goes back to, whose checkpoint is kept; with a least improvement it may
        /// be another.
        var rollback: Checkpoint.BestMetric?
        var learningRate: [String: String]
        /// The state of the rule that ends the run.
        var end: [String: String]
        /// The checkpoint whose state a rollback takes.
        var reference: Checkpoint.BestMetric? { rollback ?? best }
        /// Whether the run was stopped before the validation that belongs after `step`.
        var validationIsPending = false
    }

    /// Copies the state and hands it to the writing thread.
    func save(_ state: TrainingState, _ progress: Progress) throws {
        let step = progress.step
        if step == lastStep { return }
        let start = Clock.seconds
        let texts = try texts(progress)
        if progress.reference?.step == step { rollbackTexts = texts }
        let checkpoint = try state.checkpoint(
            step: step, best: progress.reference, configFingerprint: configuration.fingerprintText, state: texts)
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

    private func texts(_ progress: Progress) throws -> CheckpointState {
        var texts = CheckpointState(texts: [WeightsUsage.key: usage])
        try texts.set(data, for: CheckpointKeeper.dataKey)
        try texts.set(progress.learningRate, for: CheckpointKeeper.learningRateKey)
        if !progress.end.isEmpty { try texts.set(progress.end, for: CheckpointKeeper.endKey) }
        if let best = progress.best { try texts.set(best, for: CheckpointKeeper.bestKey) }
        if progress.validationIsPending { try texts.set(true, for: CheckpointKeeper.validationIsPendingKey) }
        return texts
    }

    /// Makes the run directory again where it was, with the configuration and the present state; gives the checkpoint's
    /// path.
    ///
    /// A folder that has taken its place must be empty or hold this same run. The checkpoint that the plateau rule goes
    /// back to is written too. Throws `TrainingError` or `CheckpointError`; then the run directory stays lost.
    func moveIn(_ state: TrainingState, _ progress: Progress) throws -> String {
        do {
            try writer.drain()
        } catch {
            // It was a save into the folder that is gone.
        }
        let start = Clock.seconds
        if let tensor = state.nonFiniteTensor {
            throw TrainingError.nonFiniteState(step: progress.step, tensor: tensor)
        }
        try directory.create()
        try lock.takeAgain(isSuitable: { try isOurs() })
        try CheckpointKeeper.write(configurationText, in: directory)
        let store = try CheckpointStore(directory: directory.checkpoints, keep: configuration.checkpoint.keep)
        let fingerprint = configuration.fingerprintText
        if let reference = progress.reference, reference.step != progress.step,
            let best = try state.bestCheckpoint(reference, configFingerprint: fingerprint, state: rollbackTexts)
        {
            try store.save(best)
        }
        let path = try store.save(
            state.checkpoint(
                step: progress.step, best: progress.reference, configFingerprint: fingerprint,
                state: try texts(progress)))
        (lastStep, lastTime) = (progress.step, start)
        outcomes.saved(CheckpointRecord(step: progress.step, path: path, seconds: Clock.seconds - start))
        return path
    }

    /// Whether the folder at the run directory's path is empty or has this run's configuration.
    private func isOurs() throws -> Bool {
        if try directory.isEmpty() { return true }
        guard let text = FileManager.default.contents(atPath: directory.configuration) else { return false }
        return text == Data(configurationText.utf8)
    }

    private static func write(_ configuration: String, in directory: RunDirectory) throws(CheckpointError) {
        try CheckpointError.wrapping { () throws(SystemError) in
            try AtomicFile.write(text: configuration, to: directory.configuration)
        }
    }

    /// Runs `body`; what the storage refuses becomes an error that a restart can help.
    private static func saving<Result>(_ body: () throws(CheckpointError) -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw error.isOfStorage ? TrainingError.notSaved(error) : error
        }
    }

    static let learningRateKey = "learningRate"
    static let endKey = "earlyStopping"
    static let bestKey = "best"
    static let dataKey = "data"
    static let validationIsPendingKey = "validationIsPending"

    /// Writes the weights of the best validation so far, averages where the run has them.
    func saveBest(_ state: TrainingState, step: Int) throws {
        guard configuration.checkpoint.best else { return }
        let file = try state.withAverages { try CheckpointKeeper.weights(state, step: step, usage: usage) }
        let path = directory.best
        let outcomes = outcomes
        try submit(step: step) {
            outcomes.owe(best: file)
            try outcomes.payBest(to: path)
        }
    }

    /// Hands `save` to the writing thread; where the run is to go on without it, a refusal of the storage becomes an
    /// outcome.
    private func submit(step: Int, _ save: @escaping @Sendable () throws -> Void) throws {
        let outcomes = outcomes
        let goesOn = configuration.checkpoint.onFailure == .continue
        try writer.submit {
            do {
                try save()
            } catch let error as CheckpointError where error.isOfStorage {
                guard goesOn else { throw TrainingError.notSaved(error) }
                outcomes.goesOn(step: step, error)
            }
        }
    }

    /// Writes the weights at the end of the run, and their averages where it has them, and waits until everything is on
    /// disk; gives the weights' digest.
    func finish(_ state: TrainingState, step: Int) throws -> String {
        let outcomes = outcomes
        let best = directory.best
        try submit(step: lastStep) { try outcomes.payBest(to: best) }
        try writer.drain()
        if state.averages != nil {
            let averaged = try state.withAverages {
                try CheckpointKeeper.weights(state, step: step, usage: usage)
            }
            try CheckpointKeeper.saving { () throws(CheckpointError) in try averaged.write(to: directory.averaged) }
        }
        let file = try CheckpointKeeper.weights(state, step: step, usage: usage)
        try CheckpointKeeper.saving { () throws(CheckpointError) in try file.write(to: directory.final) }
        return try file.weightsDigest()
    }

    /// Waits until everything is on disk.
    func drain() throws { try writer.drain() }

    /// Throws the error of a save that failed in the background since the last call, unless the run goes on without it.
    func check() throws { try writer.check() }

    /// The digest of the present weights, of which the step is no part.
    static func digest(_ state: TrainingState) throws -> String {
        try weights(state, step: 0, usage: nil).weightsDigest()
    }

    /// Makes sure that the newest checkpoint that was submitted is on disk. Throws `TrainingError.notSaved`.
    func requireNewest() throws {
        if let error = outcomes.failureOfNewest { throw TrainingError.notSaved(error) }
    }

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

    private static func weights(_ state: TrainingState, step: Int, usage: String?) throws -> SafetensorsFile {
        try WeightsFile.content(
            model: state.network.models.map(\.name).joined(separator: "+"),
            sources: ModelWeights.lasting(state.network, state.values, step: step),
            metadata: usage.map { [WeightsUsage.key: $0] } ?? [:])
    }
}
