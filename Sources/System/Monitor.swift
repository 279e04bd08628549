import Glibc

/// A mutex with one condition that everyone waits on and that every change is announced to.
///
/// `@unchecked Sendable`: the two POSIX objects are made for use by several threads at once and never move.
package final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        Monitor.check(pthread_mutex_init(mutex, nil), "pthread_mutex_init")
        // The clock of time limits must not jump when somebody sets the time of day.
        var attributes = pthread_condattr_t()
        Monitor.check(pthread_condattr_init(&attributes), "pthread_condattr_init")
        Monitor.check(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), "pthread_condattr_setclock")
        Monitor.check(pthread_cond_init(condition, &attributes), "pthread_cond_init")
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` with the mutex held.
    package func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        Monitor.check(pthread_mutex_lock(mutex), "pthread_mutex_lock")
        defer { Monitor.check(pthread_mutex_unlock(mutex), "pthread_mutex_unlock") }
        return try body()
    }

    /// Inside `withLock`: lets others in until a change is announced; wakes early at times, so callers loop.
    package func wait() { Monitor.check(pthread_cond_wait(condition, mutex), "pthread_cond_wait") }

    /// As ``wait()``, at most until `endSeconds` of ``Clock``; false when that time has come.
    package func wait(until endSeconds: Double) -> Bool {
        let whole = endSeconds.rounded(.down)
        var end = timespec(tv_sec: Int(whole), tv_nsec: min(Int((endSeconds - whole) * 1e9), 999_999_999))
        let status = pthread_cond_timedwait(condition, mutex, &end)
        if status == ETIMEDOUT { return false }
        Monitor.check(status, "pthread_cond_timedwait")
        return true
    }

    /// Wakes everyone who waits.
    package func signalAll() { Monitor.check(pthread_cond_broadcast(condition), "pthread_cond_broadcast") }

    private static func check(_ status: Int32, _ call: StaticString) {
        precondition(status == 0, "Monitor: \(call) returned \(status)")
    }
}
