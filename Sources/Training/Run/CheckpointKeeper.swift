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
    /// Checkpoints on disk since the last call of ``takeRecords()``, filled by the writer's thread.
    private let records = Records()

    /// - Parameter step: of the checkpoint that the run goes on from, or −1.
    init(_ directory: RunDirectory, _ configuration: CheckpointConfiguration, fingerprint: String, step: Int) throws {
        self.directory = directory
        self.configuration = configuration
        self.fingerprint = fingerprint
        lastStep = step
        store = try CheckpointStore(directory: directory.checkpoints, keep: configuration.keep)
        writer = BackgroundCheckpointWriter(store: store)
    }

    /// Whether the time for the next checkpoint has come; the other ranks do not know it.
    var isTimeDue: Bool { configuration.everySeconds.map { Clock.seconds - lastTime >= $0 } ?? false }

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
        var texts = CheckpointState()
        try texts.set(progress.learningRate, for: CheckpointKeeper.learningRateKey)
        if let best = progress.best { try texts.set(best, for: CheckpointKeeper.bestKey) }
        if progress.validationIsPending { try texts.set(true, for: CheckpointKeeper.validationIsPendingKey) }
        let checkpoint = try state.checkpoint(
            step: step, best: progress.rollback ?? progress.best, configFingerprint: fingerprint, state: texts)
        let start = Clock.seconds
        let store = store
        let records = records
        try writer.submit {
            let path = try store.save(checkpoint)
            records.add(CheckpointRecord(step: checkpoint.step, path: path, seconds: Clock.seconds - start))
        }
        lastStep = step
        lastTime = start
    }

    static let learningRateKey = "learningRate"
    static let bestKey = "best"
    static let validationIsPendingKey = "validationIsPending"

    /// Writes the weights of the best validation so far.
    func saveBest(_ state: TrainingState) throws {
        guard configuration.best else { return }
        let file = try CheckpointKeeper.weights(state)
        let path = directory.best
        try writer.submit { try file.write(to: path) }
    }

    /// Writes the weights at the end of the run, and waits until everything is on disk; gives the weights' digest.
    func finish(_ state: TrainingState) throws -> String {
        try writer.drain()
        let file = try CheckpointKeeper.weights(state)
        try file.write(to: directory.final)
        return try file.weightsDigest()
    }

    /// Waits until everything is on disk.
    func drain() throws { try writer.drain() }

    /// The digest of the present weights.
    static func digest(_ state: TrainingState) throws -> String { try weights(state).weightsDigest() }

    /// What has reached the disk since the last call.
    func takeRecords() -> [CheckpointRecord] { records.take() }

    private static func weights(_ state: TrainingState) throws -> SafetensorsFile {
        let (weights, buffers) = ModelWeights.sources(state.model, state.values)
        return try WeightsFile.content(model: state.model.name, sources: weights + buffers)
    }

    /// Records handed from the writing thread to the loop.
    private final class Records: @unchecked Sendable {
        private let lock = NSLock()
        private var waiting: [CheckpointRecord] = []

        func add(_ record: CheckpointRecord) { lock.withLock { waiting.append(record) } }

        func take() -> [CheckpointRecord] {
            lock.withLock {
                defer { waiting = [] }
                return waiting
            }
        }
    }
}
