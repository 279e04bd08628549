import Glibc

/// A mutex with one condition that everyone waits on and that every change is announced to.
final class Monitor: @unchecked Sendable {  // Both members are made to be used by many threads at once.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        check(pthread_mutex_init(mutex, nil), "pthread_mutex_init")
        check(pthread_cond_init(condition, nil), "pthread_cond_init")
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` with the mutex held.
    func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        check(pthread_mutex_lock(mutex), "pthread_mutex_lock")
        defer { check(pthread_mutex_unlock(mutex), "pthread_mutex_unlock") }
        return try body()
    }

    /// Gives the mutex up until a change is announced; wakes early at times, so callers loop.
    func wait() { check(pthread_cond_wait(condition, mutex), "pthread_cond_wait") }

    /// Wakes everyone who waits.
    func announce() { check(pthread_cond_broadcast(condition), "pthread_cond_broadcast") }

    private func check(_ status: Int32, _ call: String) {
        precondition(status == 0, "\(call) returned \(status)")
    }
}
