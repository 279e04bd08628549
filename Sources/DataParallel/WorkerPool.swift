import Glibc
import Synchronization
import System

/// The worker threads of a rank; the calling thread is worker 0.
///
/// Threads start at the first run and end with ``stop()`` or with the pool. One thread at a time uses a pool.
///
/// Waiting polls for about 40 µs, mostly after yielding the core, then sleeps. Measured with two workers on two cores:
/// an empty run takes 0.8 µs while the other polls and 7 to 10 µs when it sleeps. A poll is followed by a full fence (7
/// ns), which keeps the loop from flooding the memory system; Swift has no pause instruction, and an acquiring fence
/// compiles to nothing.
///
/// `@unchecked Sendable`: `threads` is touched by the one thread that uses the pool.
package final class WorkerPool: @unchecked Sendable {
    /// How many workers there are, the calling thread included.
    package let count: Int
    private let team: WorkerTeam
    private var threads: [JoinableThread] = []

    /// - Parameter busyWaits: whether waiting threads poll before they sleep; off where threads outnumber cores.
    package init(count: Int, busyWaits: Bool = true) {
        precondition(count > 0, "WorkerPool: \(count) workers")
        self.count = count
        team = WorkerTeam(others: count - 1, busyWaits: busyWaits)
    }

    deinit { stop() }

    /// Runs `work` once on every worker and returns when all have ended; throws the first error.
    ///
    /// - Precondition: not called from inside `work`, nor after ``stop()``.
    package func run(_ work: @escaping @Sendable (_ worker: Int) throws -> Void) throws {
        if count == 1 { return try work(0) }
        try startThreads()
        try team.run(work)
    }

    /// Ends the threads and waits for their end; the pool can't run anything afterwards. A second call does nothing.
    package func stop() {
        team.stop()
        for thread in threads { thread.join() }
        threads = []
    }

    private func startThreads() throws {
        while threads.count < count - 1 && !team.isStopped {
            let worker = threads.count + 1
            threads.append(try JoinableThread(name: "worker-\(worker)") { [team] in team.serve(worker) })
        }
    }
}

/// What the workers share; it outlives the pool until the last thread has ended.
///
/// `@unchecked Sendable`: `body` is written by the caller while no worker runs, before the releasing increment of
/// `generation` and read after an acquiring load of it; `firstError` is under the lock.
private final class WorkerTeam: @unchecked Sendable {
    private let others: Int
    private let polls: (spinning: Int, yielding: Int)
    private let monitor = Monitor()
    private let generation = Atomic(0)
    private let running = Atomic(0)
    private let isEnding = Atomic(false)
    private var body: (@Sendable (Int) throws -> Void)?
    private var firstError: (any Error)?

    init(others: Int, busyWaits: Bool) {
        self.others = others
        polls = busyWaits ? (spinning: 500, yielding: 50) : (0, 0)
    }

    var isStopped: Bool { isEnding.load(ordering: .acquiring) }

    func run(_ work: @escaping @Sendable (Int) throws -> Void) throws {
        precondition(!isStopped, "WorkerPool: run after stop")
        precondition(running.load(ordering: .acquiring) == 0, "WorkerPool: run while another run has not ended")
        body = work
        firstError = nil
        running.store(others, ordering: .relaxed)
        announce { generation.add(1, ordering: .releasing) }
        perform(0)
        Timeline.span(.workers) { wait { running.load(ordering: .acquiring) == 0 } }
        body = nil
        if let error = firstError { throw error }
    }

    func stop() {
        announce {
            isEnding.store(true, ordering: .releasing)
            generation.add(1, ordering: .releasing)
        }
    }

    /// A worker thread's life.
    func serve(_ worker: Int) {
        var seen = 0
        while true {
            wait { generation.load(ordering: .acquiring) != seen }
            if isStopped { return }
            seen += 1
            perform(worker)
            // The worker holds nothing of the body any more: the caller may let go of it, and of the pool.
            if running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { announce {} }
        }
    }

    @inline(never)
    private func perform(_ worker: Int) {
        do {
            try body?(worker)
        } catch {
            monitor.withLock { if firstError == nil { firstError = error } }
        }
    }

    /// Changes what others wait for. They check it under the lock before they sleep, so none sleeps through the change.
    private func announce(_ change: () -> Void) {
        monitor.withLock {
            change()
            monitor.signalAll()
        }
    }

    /// Polls at once, then after giving the core to others, then sleeps.
    private func wait(until isDone: () -> Bool) {
        for _ in 0..<polls.spinning {
            if isDone() { return }
            atomicMemoryFence(ordering: .sequentiallyConsistent)
        }
        for _ in 0..<polls.yielding {
            if isDone() { return }
            sched_yield()
        }
        monitor.withLock { while !isDone() { monitor.wait() } }
    }
}
