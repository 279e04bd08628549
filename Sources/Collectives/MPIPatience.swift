import CMPI
import Glibc

/// How a thread waits for MPI: it polls, since Open MPI moves data only inside its calls, at first without pause, then
/// yielding the core, at last asleep between polls, so that a long wait leaves the core to the threads that compute.
struct MPIPatience {
    private let spinNanoseconds: UInt64
    private var start: UInt64?

    /// `busyWaits` is whether every rank of the host has a core.
    init(busyWaits: Bool) { spinNanoseconds = busyWaits ? 100_000 : 0 }

    /// Waits for a moment before the next poll.
    mutating func pause() {
        let now = clock_gettime_nsec()
        guard let start else { return start = now }
        let waited = now - start
        if waited < spinNanoseconds { return }
        if waited < spinNanoseconds + Self.yieldNanoseconds {
            sched_yield()
        } else {
            cmpi_short_sleep(Self.sleepNanoseconds)
        }
    }

    private static let yieldNanoseconds: UInt64 = 1_000_000
    // Short, because a transport that copies through small buffers moves one buffer's worth a poll.
    private static let sleepNanoseconds: UInt64 = 10_000

    private func clock_gettime_nsec() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
