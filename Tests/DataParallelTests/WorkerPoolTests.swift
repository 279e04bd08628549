import DataParallel
import Foundation
import Synchronization
import Testing

@Suite("WorkerPool", .timeLimit(.minutes(1)))
struct WorkerPoolTests {
    @Test("every worker runs once, worker 0 on the calling thread", arguments: 1...8)
    func everyWorkerRuns(workers: Int) throws {
        let pool = WorkerPool(count: workers)
        for _ in 0..<20 {
            let calls = Mutex([Int](repeating: 0, count: workers))
            let caller = pthread_self()
            try pool.run { worker in
                calls.withLock { $0[worker] += 1 }
                #expect((pthread_equal(caller, pthread_self()) != 0) == (worker == 0))
            }
            #expect(calls.withLock { $0 } == Array(repeating: 1, count: workers))
        }
        pool.stop()
        pool.stop()
    }

    @Test(
        "many short runs lose no wake-up and see each other's writes",
        arguments: [(2, true, 100_000), (2, false, 5000), (5, true, 2000)])
    func manyRuns(workers: Int, busyWaits: Bool, runs: Int) throws {
        let pool = WorkerPool(count: workers, busyWaits: busyWaits)
        // plain memory: the pool orders the accesses
        let counts = UnsafeMutablePointer<Int>.allocate(capacity: workers * 16)
        counts.initialize(repeating: 0, count: workers * 16)
        defer { counts.deallocate() }
        nonisolated(unsafe) let shared = counts
        for run in 0..<runs {
            try pool.run { worker in shared[(worker + run) % workers * 16] += 1 }
        }
        #expect((0..<workers).allSatisfy { counts[$0 * 16] == runs })
        pool.stop()
    }

    struct Broken: Error, Equatable {
        var worker: Int
    }

    @Test("an error is thrown after all workers have ended, and the next run is clean", arguments: 1...8)
    func errorsAreThrown(workers: Int) throws {
        let pool = WorkerPool(count: workers)
        for failing in 0..<workers {
            let ended = Atomic(0)
            #expect(throws: Broken(worker: failing)) {
                try pool.run { worker in
                    if worker != failing { usleep(200) }
                    ended.add(1, ordering: .relaxed)
                    if worker == failing { throw Broken(worker: worker) }
                }
            }
            #expect(ended.load(ordering: .relaxed) == workers)
            try pool.run { _ in }
        }
        pool.stop()
    }

    /// Counts the ends of threads that have passed `mark`, by a thread-specific value's destructor.
    private final class ThreadEnds: Sendable {
        let key: pthread_key_t
        let count = Atomic(0)

        init() {
            var key = pthread_key_t()
            pthread_key_create(&key) { value in
                if let value {
                    Unmanaged<ThreadEnds>.fromOpaque(value).takeUnretainedValue().count.add(1, ordering: .relaxed)
                }
            }
            self.key = key
        }

        func mark() { pthread_setspecific(key, Unmanaged.passUnretained(self).toOpaque()) }
        func forget() { pthread_setspecific(key, nil) }
    }

    @Test(
        "threads have ended when stop returns, and when a pool that was not stopped has gone", arguments: [true, false])
    func threadsEnd(isStopped: Bool) throws {
        for workers in 1...8 {
            let ends = ThreadEnds()
            do {
                let pool = WorkerPool(count: workers)
                try pool.run { worker in if worker > 0 { ends.mark() } }
                if isStopped {
                    pool.stop()
                    #expect(ends.count.load(ordering: .relaxed) == workers - 1)
                }
            }
            #expect(ends.count.load(ordering: .relaxed) == workers - 1)
        }
    }

    @Test("workers leave signals to the main thread")
    func signalsAreBlocked() throws {
        let pool = WorkerPool(count: 3)
        let blocked = Atomic(0)
        try pool.run { worker in
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            if worker > 0 && sigismember(&mask, SIGTERM) == 1 { blocked.add(1, ordering: .relaxed) }
        }
        #expect(blocked.load(ordering: .relaxed) == 2)
        pool.stop()
    }
}
