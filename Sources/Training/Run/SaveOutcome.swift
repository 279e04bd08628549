import Checkpointing
import Foundation

/// How a save in the background ended.
enum SaveOutcome: Sendable {
    case saved(CheckpointRecord)
    /// The storage refused the state after `step` steps, and the run goes on.
    case failed(step: Int, CheckpointError)
}

/// Outcomes handed from the writing thread to the loop, and what is still to be written.
///
/// `@unchecked Sendable`: the state is read and written under the lock.
final class SaveOutcomes: @unchecked Sendable {
    private let lock = NSLock()
    private var waiting: [SaveOutcome] = []
    private var unwritten: Checkpoint?
    private var unwrittenBest: SafetensorsFile?
    private var failure: CheckpointError?
    private var newest: Int
    private var lastSeconds = 0.0

    /// - Parameter newestStep: of the state that the run goes on from, which counts as on disk.
    init(newestStep: Int) { newest = newestStep }

    /// The step of the newest checkpoint that is on disk.
    var newestStep: Int { lock.withLock { newest } }

    /// How long the last checkpoint took to reach the disk; 0 before the first.
    var lastSaveSeconds: Double { lock.withLock { lastSeconds } }

    /// A checkpoint is on disk, with the one it refers to.
    func saved(_ record: CheckpointRecord) {
        lock.withLock {
            waiting.append(.saved(record))
            newest = record.step
            lastSeconds = record.seconds
            unwritten = nil
            failure = nil
        }
    }

    /// A checkpoint is not on disk; if it is one that later ones go back to, it is remembered.
    func couldNotSave(_ checkpoint: Checkpoint, _ error: CheckpointError) {
        lock.withLock {
            failure = error
            if checkpoint.best?.step == checkpoint.step { unwritten = checkpoint }
        }
    }

    /// A save failed and the run goes on.
    func goesOn(step: Int, _ error: CheckpointError) { lock.withLock { waiting.append(.failed(step: step, error)) } }

    /// The error of the newest checkpoint; nil where it is on disk.
    var failureOfNewest: CheckpointError? { lock.withLock { failure } }

    /// The outcomes since the last call, in order.
    func take() -> [SaveOutcome] {
        lock.withLock {
            defer { waiting = [] }
            return waiting
        }
    }

    /// Remembers the weights of the best validation until they are written.
    func owe(best: SafetensorsFile) { lock.withLock { unwrittenBest = best } }

    /// Writes the best weights if they are not on disk. Throws `CheckpointError.system`; then they are tried again next
    /// time.
    func payBest(to path: String) throws(CheckpointError) {
        guard let best = lock.withLock({ unwrittenBest }) else { return }
        try best.write(to: path)
        lock.withLock { unwrittenBest = nil }
    }

    /// The unwritten checkpoint that `checkpoint` refers to; one that nothing refers to any more is forgotten.
    func owed(to checkpoint: Checkpoint) -> Checkpoint? {
        lock.withLock {
            if unwritten?.step == checkpoint.step || unwritten?.step != checkpoint.best?.step { unwritten = nil }
            return unwritten
        }
    }
}
