import Collectives
import Foundation
import Synchronization

/// Runs `body` on one thread for each communicator, with large enough stacks, and returns what each threw, by rank.
func runRanks(
    _ communicators: [any Communicator], _ body: @escaping @Sendable (any Communicator) throws -> Void
) -> [(any Error)?] {
    let errors = Mutex([(any Error)?](repeating: nil, count: communicators.count))
    let done = DispatchSemaphore(value: 0)
    for communicator in communicators {
        let thread = Thread {
            do { try body(communicator) } catch { errors.withLock { $0[communicator.rank] = error } }
            done.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
    for _ in communicators { done.wait() }
    return errors.withLock { $0 }
}
