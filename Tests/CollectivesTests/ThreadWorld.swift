import Collectives
import Foundation
import Synchronization

/// Runs `body` on one thread for each communicator, with large enough stacks, and returns what each threw, by rank.
/// A rank that throws ends the group, so that a broken promise is a failed test and not a hanging one.
func runRanks(
    _ communicators: [any Communicator], _ body: @escaping @Sendable (any Communicator) throws -> Void
) -> [(any Error)?] {
    let errors = Mutex([(any Error)?](repeating: nil, count: communicators.count))
    let done = DispatchSemaphore(value: 0)
    for communicator in communicators {
        let thread = Thread {
            do { try body(communicator) } catch {
                errors.withLock { $0[communicator.rank] = error }
                endGroup(communicator, because: error)
            }
            done.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
    for _ in communicators { done.wait() }
    return errors.withLock { $0 }
}

private func endGroup(_ communicator: any Communicator, because error: any Error) {
    // throws on every thread that aborts; `error` is kept
    do { try communicator.abort(exitCode: 70, reason: "\(error)") } catch {}
}
