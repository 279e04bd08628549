import Collectives
import Foundation

/// The one thread of a rank that calls its communicator; jobs run in the order of submission.
///
/// `@unchecked Sendable`: the queue is under the condition's lock.
public final class CommunicationThread: @unchecked Sendable {
    public let rank: Int
    public let worldSize: Int
    private let condition = NSCondition()
    private var queue: [() -> Void] = []
    private var isStopped = false

    /// Starts the thread and makes the communicator on it, because MPI wants its calls from the thread that initialised it.
    public init(_ makeCommunicator: @escaping @Sendable () throws -> any Communicator) throws {
        let box = Box<(any Communicator)?>(nil)
        let ready = Outcome<(rank: Int, worldSize: Int)>()
        let start = Start()
        let thread = Thread {
            do {
                let communicator = try makeCommunicator()
                box.value = communicator
                ready.complete(.success((communicator.rank, communicator.worldSize)))
            } catch {
                ready.complete(.failure(error))
                return
            }
            start.wait()
        }
        thread.name = "communication"
        thread.stackSize = 8 << 20
        thread.start()
        (rank, worldSize) = try ready.wait()
        communicator = box
        start.run { [self] in serve() }
    }

    private let communicator: Box<(any Communicator)?>

    /// Queues a job and returns at once.
    public func submit<T>(_ job: @escaping @Sendable (any Communicator) throws -> T) -> Outcome<T> {
        let outcome = Outcome<T>()
        condition.lock()
        let stopped = isStopped
        if !stopped {
            queue.append { [communicator] in
                guard let value = communicator.value else { return }
                outcome.complete(Result { try job(value) })
            }
        }
        condition.signal()
        condition.unlock()
        precondition(!stopped, "CommunicationThread: submit after stop")
        return outcome
    }

    /// Runs a job and returns its result.
    public func perform<T>(_ job: @escaping @Sendable (any Communicator) throws -> T) throws -> T {
        try submit(job).wait()
    }

    /// Finalises the communicator and ends the thread.
    public func stop() throws {
        let end = submit { try $0.finalize() }
        condition.lock()
        isStopped = true
        condition.signal()
        condition.unlock()
        try end.wait()
    }

    private func serve() {
        while true {
            condition.lock()
            while queue.isEmpty && !isStopped { condition.wait() }
            if queue.isEmpty {
                condition.unlock()
                return
            }
            let job = queue.removeFirst()
            condition.unlock()
            job()
        }
    }

    /// Lets the thread body begin once `self` exists.
    private final class Start: @unchecked Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private var body: (() -> Void)?

        func run(_ body: @escaping () -> Void) {
            self.body = body
            semaphore.signal()
        }

        func wait() {
            semaphore.wait()
            body?()
            body = nil
        }
    }

    /// A value handed from one thread to another through a semaphore.
    private final class Box<T>: @unchecked Sendable {
        var value: T
        init(_ value: T) { self.value = value }
    }
}

/// The result of a job that another thread runs.
///
/// `@unchecked Sendable`: `result` is under the condition's lock.
public final class Outcome<T>: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: Result<T, any Error>?

    public init() {}

    public func complete(_ result: Result<T, any Error>) {
        condition.lock()
        self.result = result
        condition.broadcast()
        condition.unlock()
    }

    /// Returns when the job has ended, with its value or its error.
    public func wait() throws -> T {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let result { return try result.get() }
            condition.wait()
        }
    }
}
