import System

/// The result of a job that another thread runs.
///
/// `@unchecked Sendable`: `result` is under the monitor's lock.
package final class Outcome<T>: @unchecked Sendable {
    private let monitor = Monitor()
    private var result: Result<T, any Error>?

    /// A job that has not ended.
    package init() {}

    /// Ends the job and wakes everyone who waits; called once.
    package func complete(_ result: Result<T, any Error>) {
        monitor.withLock {
            precondition(self.result == nil, "Outcome: completed twice")
            self.result = result
            monitor.signalAll()
        }
    }

    /// Returns when the job has ended, with its value or its error.
    package func wait() throws -> T {
        try monitor.withLock { () throws in
            while true {
                if let result { return try result.get() }
                monitor.wait()
            }
        }
    }
}
