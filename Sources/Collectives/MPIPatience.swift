import Glibc

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
