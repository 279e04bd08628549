import Synchronization

/// A lock around calls of MPI where two threads take turns; a class, so that closures can hold it.
final class SerialCalls: Sendable {
    private let lock = Mutex<Void>(())

    func withLock<Result>(_ body: () throws -> Result) rethrows -> Result { try lock.withLock { _ in try body() } }

    /// Nil when the other thread holds it.
    func withLockIfAvailable<Result>(_ body: () throws -> Result) rethrows -> Result? {
        try lock.withLockIfAvailable { _ in try body() }
    }
}
