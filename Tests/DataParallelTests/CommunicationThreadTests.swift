import Collectives
import DataParallel
import Foundation
import Synchronization
import Testing

@Suite("CommunicationThread", .timeLimit(.minutes(1)))
struct CommunicationThreadTests {
    struct NoNetwork: Error, Equatable {}

    @Test("jobs run in order on the thread that made the communicator")
    func jobsRunInOrder() throws {
        let maker = Atomic<UInt>(0)
        let thread = try CommunicationThread {
            maker.store(UInt(pthread_self()), ordering: .relaxed)
            return SingleProcessCommunicator()
        }
        let order = Mutex<[Int]>([])
        let outcomes = (0..<100).map { index in
            thread.submit { _ in
                order.withLock { $0.append(index) }
                return UInt(pthread_self())
            }
        }
        for outcome in outcomes {
            let thread = try outcome.wait()
            #expect(thread == maker.load(ordering: .relaxed))
        }
        #expect(order.withLock { $0 } == Array(0..<100))
        #expect((thread.rank, thread.worldSize) == (0, 1))
        try thread.stop()
    }

    @Test("errors of the communicator's making and of jobs reach the caller; later jobs still run")
    func errorsReachTheCaller() throws {
        #expect(throws: NoNetwork()) { try CommunicationThread { throw NoNetwork() } }
        let thread = try CommunicationThread { SingleProcessCommunicator() }
        #expect(throws: NoNetwork()) { try thread.perform { _ in throw NoNetwork() } }
        #expect(try thread.perform { $0.worldSize } == 1)
        try thread.stop()
    }

    @Test("stop runs what is queued, finalizes, and may be called again")
    func stopFinalizes() throws {
        let communicator = SingleProcessCommunicator()
        let thread = try CommunicationThread { communicator }
        let slow = thread.submit { _ in usleep(5000) == 0 }
        try thread.stop()
        #expect(try slow.wait())
        #expect(throws: CollectivesError.finalized(operation: "barrier")) { try communicator.barrier() }
        try thread.stop()
    }

    @Test("it is idle before a job, and again when its end has been told")
    func idleness() throws {
        let thread = try CommunicationThread { SingleProcessCommunicator() }
        #expect(thread.isIdle)
        let gate = Outcome<Void>()
        let job = thread.submit { _ in try gate.wait() }
        #expect(!thread.isIdle)
        gate.complete(.success(()))
        try job.wait()
        #expect(thread.isIdle)
        for _ in 0..<1000 {
            try thread.perform { _ in }
            #expect(thread.isIdle)
        }
        try thread.stop()
    }

    @Test("a step that ends in shared memory while a job of the thread is under way is a mistake of the program")
    func twoThreadsCallMPI() async {
        await #expect(processExitsWith: .failure) {
            let thread = try CommunicationThread { SingleProcessCommunicator() }
            let assignment = GrainAssignment(grainCount: 1, worldSize: 1)
            let bytes = SharedMemoryReduction.byteCountPerRank(assignment: assignment, count: 16)
            let window = try thread.perform { try $0.sharedWindow(byteCountPerRank: bytes) }
            guard let window else { exit(0) }
            let reduction = SharedMemoryReduction(
                assignment: assignment, count: 16, window: window, communication: thread)
            _ = try reduction.finish()
            _ = thread.submit { _ in sleep(60) }
            _ = try reduction.finish()
            exit(0)
        }
    }

    @Test("abort reaches the other ranks while this one's thread waits for them")
    func abortPassesTheQueueBy() throws {
        let group = ThreadCommunicator.makeGroup(worldSize: 2)
        let threads = try group.map { communicator in try CommunicationThread { communicator } }
        let waiting = threads[0].submit { try $0.barrier() }
        #expect(throws: CollectivesError.aborted(rank: 0, exitCode: 70, reason: "full disk")) {
            try threads[0].abort(exitCode: 70, reason: "full disk")
        }
        let failure = CollectivesError.peerFailed(rank: 0, reason: "full disk")
        #expect(throws: failure) { try waiting.wait() }
        #expect(throws: failure) { try threads[1].perform { try $0.barrier() } }
        for thread in threads { #expect(throws: failure) { try thread.stop() } }
    }

    @Test("a thread that goes without stop ends the group")
    func vanishedThreadEndsGroup() throws {
        let group = Mutex(ThreadCommunicator.makeGroup(worldSize: 2))
        guard let other = group.withLock({ $0.first }) else { return }
        do { _ = try CommunicationThread { group.withLock { $0.removeLast() } } }
        #expect(throws: CollectivesError.self) { try other.barrier() }
    }

    @Test("a job is done at once by its caller while the thread is idle, and by the thread while it is not")
    func jobsAtOnce() throws {
        let thread = try CommunicationThread { SingleProcessCommunicator() }
        let caller = UInt(pthread_self())
        #expect(try thread.performAtOnce { _ in UInt(pthread_self()) } == caller)
        #expect(throws: NoNetwork()) { try thread.performAtOnce { _ in throw NoNetwork() } }
        let isFree = DispatchSemaphore(value: 0)
        let slow = thread.submit { _ in isFree.wait() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.02) { isFree.signal() }
        #expect(try thread.performAtOnce { _ in UInt(pthread_self()) } != caller)
        try slow.wait()
        #expect(try thread.perform { $0.worldSize } == 1)
        try thread.stop()
    }

    @Test("what is attended is called until it is true, and jobs go on in between")
    func attendedCalls() throws {
        let thread = try CommunicationThread { SingleProcessCommunicator() }
        let calls = Atomic(0)
        thread.attend { calls.add(1, ordering: .relaxed).newValue == 5 }
        while calls.load(ordering: .relaxed) < 5 { #expect(try thread.perform { $0.worldSize } == 1) }
        usleep(5000)
        #expect(calls.load(ordering: .relaxed) == 5)
        try thread.stop()
    }

    @Test("what is attended comes to its end before the communicator is finalized, and lives until then")
    func attendedAtTheEnd() throws {
        final class Message: Sendable {
            let calls = Atomic(0)
        }
        let thread = try CommunicationThread { SingleProcessCommunicator() }
        weak var sent: Message?
        let count = Atomic(0)
        do {
            let message = Message()
            sent = message
            thread.attend {
                count.add(1, ordering: .relaxed)
                return message.calls.add(1, ordering: .relaxed).newValue == 300
            }
        }
        #expect(sent != nil)
        try thread.stop()
        #expect(count.load(ordering: .relaxed) == 300)
        #expect(sent == nil)
    }
}
