import Foundation
import Synchronization

/// The worker threads of a rank; the calling thread is worker 0.
///
/// Workers wait for work by spinning for some microseconds, then asleep, so short steps start without a system call.
/// `@unchecked Sendable`: `body` is written by the caller while all workers wait, and read after an acquiring load of
/// `generation`; `firstError` is under the lock.
public final class WorkerPool: @unchecked Sendable {
    public let count: Int
    private let spins: Int
    private let condition = NSCondition()
    private let generation = Atomic(0)
    private let running = Atomic(0)
    private var body: (@Sendable (Int) throws -> Void)?
    private var firstError: (any Error)?
    private var isStopped = false

    /// - Parameter busyWaits: spin before sleeping; off where threads outnumber cores.
    public init(count: Int, busyWaits: Bool = true) {
        precondition(count > 0, "WorkerPool: \(count) workers")
        self.count = count
        spins = busyWaits ? 4000 : 0
        for index in 1..<max(count, 1) {
            let thread = Thread { [self] in serve(index) }
            thread.name = "worker-\(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Runs `work` once on every worker and returns when all have ended; throws the first error.
    public func run(_ work: @escaping @Sendable (_ worker: Int) throws -> Void) throws {
        if count == 1 { return try work(0) }
        condition.lock()
        body = work
        firstError = nil
        running.store(count - 1, ordering: .relaxed)
        generation.add(1, ordering: .releasing)
        condition.broadcast()
        condition.unlock()
        perform(work, 0)
        wait { running.load(ordering: .acquiring) == 0 }
        condition.lock()
        body = nil
        let error = firstError
        condition.unlock()
        if let error { throw error }
    }

    /// Ends the threads; the pool can't be used afterwards.
    public func stop() {
        condition.lock()
        isStopped = true
        generation.add(1, ordering: .releasing)
        condition.broadcast()
        condition.unlock()
    }

    private func serve(_ index: Int) {
        var seen = 0
        while true {
            wait { generation.load(ordering: .acquiring) != seen }
            seen = generation.load(ordering: .acquiring)
            condition.lock()
            let work = body
            let stopped = isStopped
            condition.unlock()
            if stopped { return }
            guard let work else { continue }
            perform(work, index)
            if running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
                condition.lock()
                condition.broadcast()
                condition.unlock()
            }
        }
    }

    private func perform(_ work: (Int) throws -> Void, _ index: Int) {
        do {
            try work(index)
        } catch {
            condition.lock()
            if firstError == nil { firstError = error }
            condition.unlock()
        }
    }

    private func wait(until isDone: () -> Bool) {
        for _ in 0..<spins {
            if isDone() { return }
            spinHint()
        }
        condition.lock()
        while !isDone() { condition.wait() }
        condition.unlock()
    }
}

/// Tells the processor that this is a waiting loop.
@inline(__always)
private func spinHint() {
    atomicMemoryFence(ordering: .acquiring)
}
