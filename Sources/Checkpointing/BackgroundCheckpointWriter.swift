import System

/// Runs saves on one thread of its own, so that training goes on while a snapshot reaches the disk.
///
/// At most one save is in flight: a second waits. An error surfaces, once, at the next `submit`, `check` or `drain`.
/// `@unchecked Sendable`: the only state is `slot`, whose fields are read and written under its monitor's lock.
package final class BackgroundCheckpointWriter: @unchecked Sendable {
    /// What the training thread and the writing thread share.
    private final class Slot: @unchecked Sendable {
        let monitor = Monitor()
        var job: (@Sendable () throws -> Void)?
        var error: (any Error)?
        var isStopping = false

        /// Runs jobs until it is told to stop and none is left.
        func run() {
            while let job = next() {
                let result = Result { try Timeline.span(.saving) { try job() } }
                monitor.withLock {
                    if case .failure(let failure) = result { error = failure }
                    self.job = nil
                    monitor.signalAll()
                }
            }
        }

        /// The next job as soon as there is one; nil at the end.
        private func next() -> (@Sendable () throws -> Void)? {
            monitor.withLock {
                while job == nil && !isStopping { monitor.wait() }
                return job
            }
        }

        /// Waits for the job in flight and gives the error that has not surfaced yet. The lock must be held.
        func settle() throws {
            while job != nil { monitor.wait() }
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
    private let thread: JoinableThread

    /// A writer into `store`; its thread waits until something is submitted. Throws `CheckpointError.system`.
    package init(store: CheckpointStore) throws(CheckpointError) {
        self.store = store
        let slot = slot
        thread = try CheckpointError.wrapping { () throws(SystemError) in
            try JoinableThread(name: "checkpoints") { slot.run() }
        }
    }

    /// Waits for the save in flight; its error, if nobody asked with `drain()`, is lost.
    deinit {
        slot.monitor.withLock {
            slot.isStopping = true
            slot.monitor.signalAll()
        }
        thread.join()
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
        try slot.monitor.withLock { () throws in
            try slot.settle()
            slot.job = save
            slot.monitor.signalAll()
        }
    }

    /// Throws the error of a save that has ended, if nobody has seen it yet; waits for nothing.
    package func check() throws {
        try slot.monitor.withLock { () throws in try slot.surface() }
    }

    /// Waits until nothing is in flight. Throws the error of the last save.
    package func drain() throws {
        try slot.monitor.withLock { () throws in try slot.settle() }
    }
}
