import System

/// Tasks that bring up more tasks, done by several threads.
///
/// `@unchecked Sendable`: all variables are under the monitor's lock.
final class WorkQueue<Task: Sendable, Failure: Error>: @unchecked Sendable {
    private let monitor = Monitor()
    private var tasks: [Task]
    private var running = 0
    private var failure: Failure?

    init(_ tasks: [Task]) { self.tasks = tasks }

    /// More to do; also from inside of a task.
    func add(_ more: [Task]) {
        monitor.withLock {
            tasks += more
            monitor.signalAll()
        }
    }

    /// Does all tasks; `body` gets the number of its thread.
    ///
    /// - Throws: the first error of a task, after which no other is begun.
    func run(
        threads: Int, _ body: @escaping @Sendable (Int, Task) throws(Failure) -> Void
    ) throws(Failure) {
        var started: [JoinableThread] = []
        do throws(SystemError) {
            for number in 1..<max(threads, 1) {
                started.append(try JoinableThread(name: "reader-\(number)") { [self] in work(number, body) })
            }
        } catch {
            // Fewer threads do the work as well.
        }
        work(0, body)
        for thread in started { thread.join() }
        if let failure = monitor.withLock({ failure }) { throw failure }
    }

    private func work(_ number: Int, _ body: (Int, Task) throws(Failure) -> Void) {
        while let task = monitor.withLock({ next() }) {
            var error: Failure?
            do throws(Failure) { try body(number, task) } catch let thrown { error = thrown }
            monitor.withLock {
                running -= 1
                failure = failure ?? error
                monitor.signalAll()
            }
        }
    }

    /// Under the lock: waits while tasks that run may bring up more.
    private func next() -> Task? {
        while tasks.isEmpty, running > 0, failure == nil { monitor.wait() }
        if failure != nil { return nil }
        guard let task = tasks.popLast() else { return nil }
        running += 1
        return task
    }
}
