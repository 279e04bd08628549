import CMPI
import Glibc

/// How Open MPI waits while it starts and ends: it sleeps 100 µs at a time. With many ranks a core these wake-ups leave
/// nothing of it to the launcher that the ranks wait for: 256 ranks on two cores took 38 s to start, and take 15 s when
/// they may oversleep.
package enum MPISleep {
    /// What a rank adds to a sleep for each that shares its core, at most 10 ms in all, in nanoseconds.
    package static func slack(ranks: Int, processors: Int) -> UInt64 {
        ranks <= processors ? 0 : min(10_000_000, 100_000 * UInt64((ranks + processors - 1) / processors))
    }

    /// Runs `body` with such sleeps on this thread.
    static func withSlack<Result>(_ nanoseconds: UInt64, _ body: () throws -> Result) rethrows -> Result {
        if nanoseconds > 0 { cmpi_set_timer_slack(nanoseconds) }
        defer { if nanoseconds > 0 { cmpi_set_timer_slack(0) } }
        return try body()
    }
}

/// How a thread waits for MPI, which moves data only inside its calls: it polls, the first polls at once, the others
/// after yielding the core.
///
/// Measured on Linux 6.18, on a busy machine, beside a computing thread on the same core: polling without yielding
/// takes about half of the core, yielding nothing measurable, sleeping 10 µs at a time half to two thirds (every
/// wake-up preempts). Sleeping also made transfers of 44 MB through small buffers three to eight times as long as
/// polling.
struct MPIPatience {
    private var remainingSpins: Int

    /// `busyWaits` is whether every rank of the host has a core.
    init(busyWaits: Bool) { remainingSpins = busyWaits ? 50 : 0 }  // 50 polls are about 10 µs

    /// Waits for a moment before the next poll.
    mutating func pause() {
        if remainingSpins > 0 {
            remainingSpins -= 1
        } else {
            sched_yield()
        }
    }
}
