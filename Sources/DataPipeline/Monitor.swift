import Glibc

/// A mutex with one condition variable.
// Unchecked: the two POSIX objects are made for use by several threads and never move.
final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        let statuses = [pthread_mutex_init(mutex, nil), pthread_cond_init(condition, nil)]
        precondition(statuses == [0, 0], "Monitor: pthread initialisation returned \(statuses)")
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone.
    func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Inside `withLock`: lets others in until one of them calls `signalAll`.
    func wait() { pthread_cond_wait(condition, mutex) }

    /// Wakes all who wait.
    func signalAll() { pthread_cond_broadcast(condition) }
}
