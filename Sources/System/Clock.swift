import Glibc

/// Time that only moves forward.
package enum Clock {
    /// Seconds since some point in the past.
    package static var seconds: Double { read(CLOCK_MONOTONIC) }

    /// Seconds of processor time that the calling thread has used.
    package static var threadSeconds: Double { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Seconds of processor time that all threads of this process have used.
    package static var processSeconds: Double { read(CLOCK_PROCESS_CPUTIME_ID) }

    /// The same clock as ``seconds``, in whole nanoseconds.
    package static var nanoseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
}
