import Checkpointing
import DataPipeline
import Foundation

extension RunSetup {
    /// Where a run begins, as all ranks know it.
    struct Start: Codable {
        var step = 0
        /// The best validation so far.
        var best: Checkpoint.BestMetric?
        var learningRate: [String: String] = [:]
        var end: [String: String] = [:]
        /// Whether the validation that belongs after `step` is still to be made.
        var validationIsPending = false
        /// The texts in the checkpoint that a rollback goes back to.
        var rollbackTexts: [String: String] = [:]
        var notes: [String] = []
        var source: String?
        /// What was taken of given weights; nil for random ones.
        var given: String?

        var decisions: [DecisionRecord] {
            let fallbacks = notes.map { DecisionRecord(step: step, kind: .checkpointFallback, reason: $0) }
            if let given { return fallbacks + [DecisionRecord(step: step, kind: .start, reason: given)] }
            guard let source else { return fallbacks }
            return fallbacks + [
                DecisionRecord(step: step, kind: .resume, reason: "resumed from \(source) at step \(step)")
            ]
        }
    }

    /// Rank 0 takes the run directory, finds and loads the checkpoint; everyone gets its values. Collective.
    ///
    /// Gives rank 0's lock on the directory beside the start.
    static func resume(
        _ configuration: RunConfiguration, _ resume: RunOptions.Resume, _ directory: RunDirectory,
        _ state: TrainingState, _ data: [DataIdentity], _ preprocessing: [FieldPreprocessing], _ ranks: Ranks
    ) throws -> (start: Start, lock: RunDirectoryLock?) {
        var start = Start()
        var lock: RunDirectoryLock?
        try ranks.together {
            guard ranks.rank == 0 else { return }
            try directory.create()
            lock = try RunDirectoryLock(directory)
            if resume == .never, try !directory.isEmpty() {
                _ = try directory.setAside()
                lock = try RunDirectoryLock(directory)
            }
            try directory.removeTemporaries()
            start = try load(configuration, resume, directory, state, data, preprocessing)
        }
        start = try ranks.broadcast { start }
        if start.source != nil || start.given != nil { try state.spread(ranks) }
        return (start, lock)
    }

    private static func load(
        _ configuration: RunConfiguration, _ resume: RunOptions.Resume, _ directory: RunDirectory,
        _ state: TrainingState, _ data: [DataIdentity], _ preprocessing: [FieldPreprocessing]
    ) throws -> Start {
        let store = try CheckpointStore(directory: directory.checkpoints, keep: configuration.checkpoint.keep)
        var notes: [String] = []
        let found: ResumePoint
        if case .file(let file) = resume {
            found = try ResumePoint(file, store, needsBest: state.keepsBest)
            // A checkpoint of another model says so itself.
            try state.restore(found.checkpoint, best: found.best)
            guard found.checkpoint.configFingerprint == configuration.fingerprintText else {
                throw TrainingError.otherCheckpoint(
                    path: file, expected: configuration.fingerprintText, found: found.checkpoint.configFingerprint)
            }
            // What the plateau rule goes back to must be there when this run is itself resumed.
            if let best = found.best { try best.write(to: store.path(step: best.step)) }
        } else {
            guard let newest = try ResumePoint.newest(in: store, needsBest: state.keepsBest, notes: &notes) else {
                guard let given = configuration.start else { return Start(notes: notes) }
                let report = try given.load(into: state, preprocessing)
                state.beginAverages()
                return Start(notes: notes, given: report)
            }
            found = newest
            guard found.checkpoint.configFingerprint == configuration.fingerprintText else {
                throw otherConfiguration(configuration, directory)
            }
            try state.restore(found.checkpoint, best: found.best)
        }
        let texts = found.checkpoint.state
        // Checkpoints of older programs do not say what they were trained on.
        if let old = try texts.value([DataIdentity].self, for: CheckpointKeeper.dataKey), old != data {
            var old = old
            // The run's own configuration still tells where its data were.
            if !old.isEmpty { old[0].path = (try? RunConfiguration(file: directory.configuration))?.data.path }
            let different = zip(old, data).first { $0 != $1 }
            throw TrainingError.otherData(
                path: found.path, trainedOn: different?.0.text ?? "\(old.count) data sets",
                given: different?.1.text ?? "\(data.count)")
        }
        return Start(
            step: found.checkpoint.step,
            best: try texts.value(Checkpoint.BestMetric.self, for: CheckpointKeeper.bestKey) ?? found.checkpoint.best,
            learningRate: try texts.value([String: String].self, for: CheckpointKeeper.learningRateKey) ?? [:],
            end: try texts.value([String: String].self, for: CheckpointKeeper.endKey) ?? [:],
            validationIsPending: try texts.value(Bool.self, for: CheckpointKeeper.validationIsPendingKey) ?? false,
            rollbackTexts: found.best?.state.texts ?? [:], notes: notes, source: found.path)
    }

    /// What a run is trained on: its data, and those of phases that have their own.
    static func identities(
        _ configuration: RunConfiguration, _ data: RunData, _ phaseData: [RunData?]
    ) -> [DataIdentity] {
        [data.identity(path: configuration.data.path)]
            + zip(configuration.phases, phaseData).compactMap { phase, data in
                data?.identity(path: phase.data?.path)
            }
    }

    /// The refusal to go on with another configuration, with what differs where the old one can be read.
    private static func otherConfiguration(_ configuration: RunConfiguration, _ directory: RunDirectory)
        -> TrainingError
    {
        do {
            let old = try RunConfiguration(file: directory.configuration)
            return .otherConfiguration(directory: directory.path, differences: try configuration.differences(from: old))
        } catch {
            return .otherConfiguration(directory: directory.path, differences: [])
        }
    }
}

/// A sound checkpoint with the one that its plateau rule goes back to.
private struct ResumePoint {
    let path: String
    let checkpoint: Checkpoint
    /// Nil where nothing goes back.
    let best: Checkpoint?

    init(_ path: String, _ store: CheckpointStore, needsBest: Bool) throws {
        self.path = path
        checkpoint = try store.load(path)
        guard needsBest, let metric = checkpoint.best else {
            best = nil
            return
        }
        let folder = (path as NSString).deletingLastPathComponent
        let name = (store.path(step: metric.step) as NSString).lastPathComponent
        best =
            metric.step == checkpoint.step
            ? checkpoint : try store.load((folder as NSString).appendingPathComponent(name))
    }

    /// The newest of which all is sound; `notes` tells of those passed over.
    static func newest(in store: CheckpointStore, needsBest: Bool, notes: inout [String]) throws -> ResumePoint? {
        for entry in try store.entries().reversed() {
            do {
                return try ResumePoint(entry.path, store, needsBest: needsBest)
            } catch let error as CheckpointError {
                notes.append("passed over checkpoint \(entry.path): \(error)")
            }
        }
        return nil
    }
}
