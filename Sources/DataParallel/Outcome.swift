import Foundation

/// The result of a job that another thread runs.
///
/// `@unchecked Sendable`: `result` is under the condition's lock.
package final class Outcome<T>: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: Result<T, any Error>?

    /// A job that has not ended.
    package init() {}

    /// Ends the job and wakes everyone who waits; called once.
    package func complete(_ result: Result<T, any Error>) {
        condition.lock()
        defer { condition.unlock() }
        precondition(self.result == nil, "Outcome: completed twice")
        self.result = result
        condition.broadcast()
    }

    /// Returns when the job has ended, with its value or its error.
    package func wait() throws -> T {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let result { return try result.get() }
            condition.wait()
        }
    }
}
