import Foundation

/// Runs saves on one thread of its own, so that training goes on while a snapshot reaches the disk.
///
/// At most one save is in flight: a second waits. An error surfaces, once, at the next `submit`, `check` or `drain`.
/// `@unchecked Sendable`: the only state is `slot`, whose fields are read and written under its condition's lock.
package final class BackgroundCheckpointWriter: @unchecked Sendable {
    /// What the training thread and the writing thread share.
    private final class Slot: @unchecked Sendable {
        let condition = NSCondition()
        var job: (@Sendable () throws -> Void)?
        var error: (any Error)?
        var isStopping = false
        var hasStopped = false

        /// Runs jobs until it is told to stop and none is left.
        func run() {
            condition.lock()
            while true {
                while job == nil && !isStopping { condition.wait() }
                guard let job else { break }
                condition.unlock()
                let result = Result { try job() }
                condition.lock()
                if case .failure(let failure) = result { error = failure }
                self.job = nil
                condition.broadcast()
            }
            hasStopped = true
            condition.broadcast()
            condition.unlock()
        }

        /// Waits for the job in flight and gives the error that has not surfaced yet. The lock must be held.
        func settle() throws {
            while job != nil { condition.wait() }
            try surface()
        }

        /// Gives the error that has not surfaced yet. The lock must be held.
        func surface() throws {
            guard let failure = error else { return }
            error = nil
            throw failure
        }
    }

    private let slot = Slot()
    private let store: CheckpointStore

    /// A writer into `store`; its thread waits until something is submitted.
    package init(store: CheckpointStore) {
        self.store = store
        let slot = slot
        let thread = Thread { slot.run() }
        thread.name = "checkpoint writer"
        thread.start()
    }

    /// Waits for the save in flight; its error, if nobody asked with `drain()`, is lost.
    deinit {
        slot.condition.lock()
        slot.isStopping = true
        slot.condition.broadcast()
        while !slot.hasStopped { slot.condition.wait() }
        slot.condition.unlock()
    }

    /// Hands `checkpoint` to the writing thread, which saves it in the store and prunes; returns at once if no save is
    /// in flight.
    ///
    /// Throws the error of the previous save; then `checkpoint` is not saved.
    package func submit(_ checkpoint: Checkpoint, pinned: Set<Int> = []) throws {
        let store = store
        try submit { try store.save(checkpoint, pinned: pinned) }
    }

    /// Hands any other save (of the best weights, for example) to the writing thread, under the same rules.
    package func submit(_ save: @escaping @Sendable () throws -> Void) throws {
        slot.condition.lock()
        defer { slot.condition.unlock() }
        try slot.settle()
        slot.job = save
        slot.condition.broadcast()
    }

    /// Throws the error of a save that has ended, if nobody has seen it yet; waits for nothing.
    package func check() throws {
        slot.condition.lock()
        defer { slot.condition.unlock() }
        try slot.surface()
    }

    /// Waits until nothing is in flight. Throws the error of the last save.
    package func drain() throws {
        slot.condition.lock()
        defer { slot.condition.unlock() }
        try slot.settle()
    }
}
