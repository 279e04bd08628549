import Collectives
import Glibc
import System

/// The one thread of a rank that calls its communicator; jobs run in the order of submission.
///
/// Only ``abort(exitCode:reason:)`` passes the queue by, because the job that runs may wait for ranks that never come;
/// and while the thread ``isIdle``, the rank's main thread may call the communicator in its place
/// (``performAtOnce(_:)``).
package final class CommunicationThread: Sendable {
    /// This rank's number.
    package var rank: Int { communicator.rank }
    /// How many ranks the job has.
    package var worldSize: Int { communicator.worldSize }
    private let communicator: any Communicator
    private let queue: JobQueue
    private let thread: JoinableThread

    /// Starts the thread and makes the communicator on it, because MPI wants its calls from the thread that initialised
    /// it.
    ///
    /// Throws what `makeCommunicator` throws.
    package init(_ makeCommunicator: @escaping @Sendable () throws -> any Communicator) throws {
        let queue = JobQueue()
        let made = Outcome<any Communicator>()
        thread = try JoinableThread(name: "communication") {
            let result = Result { try makeCommunicator() }
            made.complete(result)
            guard case .success(let communicator) = result else { return }
            queue.serve(whileIdle: communicator.worldSize > 1 ? { communicator.attendRollCall() } : nil)
        }
        self.queue = queue
        do {
            communicator = try made.wait()
        } catch {
            queue.close()
            thread.join()
            throw error
        }
    }

    deinit { queue.close() }

    /// Queues a job and returns at once.
    ///
    /// - Precondition: the thread has not been stopped.
    package func submit<T>(_ job: @escaping @Sendable (any Communicator) throws -> T) -> Outcome<T> {
        let outcome = Outcome<T>()
        let isQueued = queue.append { [communicator] in
            let result = Result { try job(communicator) }
            return { outcome.complete(result) }
        }
        precondition(isQueued, "CommunicationThread: submit after stop")
        return outcome
    }

    /// Whether no job waits or runs, so that another thread of the rank may call the communicator.
    package var isIdle: Bool { queue.isIdle }

    /// Runs a job on the calling thread where the communication thread has nothing to do, which saves two hand-overs,
    /// and as ``perform(_:)`` does where it has.
    package func performAtOnce<T>(_ job: @escaping @Sendable (any Communicator) throws -> T) throws -> T {
        guard queue.borrow() else { return try perform(job) }
        defer { queue.giveBack() }
        return try Timeline.span(.messages) { try job(communicator) }
    }

    /// Has the thread call `isDone` while it has no job, every tenth of a millisecond until it is true: for messages
    /// that are still leaving, which MPI moves only while it is called. What `isDone` holds lives until then.
    package func attend(until isDone: @escaping @Sendable () -> Bool) { queue.attend(until: isDone) }

    /// Runs a job and returns its result.
    package func perform<T>(_ job: @escaping @Sendable (any Communicator) throws -> T) throws -> T {
        try submit(job).wait()
    }

    /// Ends the whole job with an exit code because of `reason`, from any thread, whatever this thread is waiting for.
    ///
    /// See `Communicator.abort`: it returns by throwing, and only where ranks are threads.
    package func abort(exitCode: Int32, reason: String) throws -> Never {
        try communicator.abort(exitCode: exitCode, reason: reason)
    }

    /// Finalises the communicator after all jobs, and after what is attended (for ten seconds at most), and ends the
    /// thread; a second call does nothing.
    package func stop() throws {
        let end = Outcome<Void>()
        let isQueued = queue.append { [communicator, queue] in
            queue.attendToEnd(forAtMost: 10)
            let result = Result { try communicator.finalize() }
            return { end.complete(result) }
        }
        queue.close()
        guard isQueued else { return }
        defer { thread.join() }
        try end.wait()
    }
}

/// Jobs in the order in which they came, run by the thread that serves them.
///
/// A job is a piece of work that returns what tells others of its end; it counts as running until just before that.
///
/// `@unchecked Sendable`: all variables are under the monitor's lock.
private final class JobQueue: @unchecked Sendable {
    private let monitor = Monitor()
    private var jobs: [() -> () -> Void] = []
    private var isClosed = false
    private var isRunning = false
    /// Whether the thread does what it does while there is no job.
    private var isAttending = false
    /// What it calls then until it is true.
    private var attended: [() -> Bool] = []

    /// Whether no job waits or runs.
    var isIdle: Bool { monitor.withLock { jobs.isEmpty && !isRunning } }

    /// Whether the caller may do what jobs do, until it calls ``giveBack()``: no job waits or runs, and none will.
    func borrow() -> Bool {
        monitor.withLock {
            guard jobs.isEmpty, !isRunning, !isAttending, !isClosed else { return false }
            isRunning = true
            return true
        }
    }

    func giveBack() {
        monitor.withLock {
            isRunning = false
            if !jobs.isEmpty || isClosed { monitor.signalAll() }
        }
    }

    func attend(until isDone: @escaping () -> Bool) {
        monitor.withLock {
            attended.append(isDone)
            if attended.count == 1 { monitor.signalAll() }
        }
    }

    /// Calls what is attended until nothing is left, or the seconds have passed.
    func attendToEnd(forAtMost seconds: Double) {
        let end = Clock.seconds + seconds
        while monitor.withLock({ !attended.isEmpty }), Clock.seconds < end {
            attend()
            sched_yield()
        }
    }

    private func attend() {
        let calls = monitor.withLock { attended }
        let left = calls.map { !$0() }
        monitor.withLock {
            // jobs may have added some behind them
            attended.removeSubrange(calls.indices)
            attended.insert(contentsOf: zip(calls, left).filter { $1 }.map { $0.0 }, at: 0)
            isAttending = false
        }
    }

    /// Whether the job will run: false once the queue is closed.
    func append(_ job: @escaping () -> () -> Void) -> Bool {
        monitor.withLock {
            if isClosed { return false }
            jobs.append(job)
            monitor.signalAll()
            return true
        }
    }

    /// Takes no more jobs; those that are queued still run.
    func close() {
        monitor.withLock {
            isClosed = true
            monitor.signalAll()
        }
    }

    /// Runs jobs until the queue is closed and empty.
    ///
    /// - Parameter whileIdle: called about ten times a second while there is none.
    func serve(whileIdle: (() -> Void)?) {
        while true {
            switch next(waitsAtMost: whileIdle == nil ? nil : 0.1) {
            case .run(let job):
                let tell = Timeline.span(.messages, job)
                monitor.withLock { isRunning = false }
                tell()
            case .idle:
                whileIdle?()
                monitor.withLock { isAttending = false }
            case .attend: attend()
            case .busy: continue
            case .end: return
            }
        }
    }

    private enum Next {
        case run(() -> () -> Void)
        case attend
        case idle
        /// Another thread does what jobs do.
        case busy
        case end
    }

    /// - Parameter seconds: after which there is nothing to do; nil waits on.
    private func next(waitsAtMost seconds: Double?) -> Next {
        monitor.withLock {
            var limit = seconds.map { Clock.seconds + $0 }
            if !attended.isEmpty { limit = Clock.seconds + 1e-4 }
            while jobs.isEmpty || isRunning {
                if isClosed, !isRunning { return .end }
                guard let time = limit else {
                    monitor.wait()
                    if !attended.isEmpty { limit = Clock.seconds + 1e-4 }
                    continue
                }
                if monitor.wait(until: time) {
                    if !attended.isEmpty { limit = min(time, Clock.seconds + 1e-4) }
                } else if jobs.isEmpty, !isClosed {
                    if isRunning { return .busy }
                    isAttending = true
                    return attended.isEmpty ? .idle : .attend
                }
            }
            isRunning = true
            return .run(jobs.removeFirst())
        }
    }
}
