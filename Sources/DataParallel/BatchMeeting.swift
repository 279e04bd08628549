import Autograd
import System

/// Lets all grains of a rank be computed together, so many at a time, and has them meet those of all ranks.
///
/// Every grain has a thread, which computes while it has one of the permits and gives it up while it waits. So a rank
/// uses as many cores as it has permits, whatever the number of its grains. The last grain to come to a meeting merges
/// what all have brought and goes on at once; the others follow in the order in which they came.
///
/// A grain that fails releases all that wait, and all that come later: they go on without the others and end with that
/// error. The job of several ranks has to end then, as after any error of a grain.
///
/// `@unchecked Sendable`: all variables are under the monitor's lock. What a grain brings is its own until it has
/// arrived, then the last one's; the merged numbers are written while all grains of the rank wait, and read before the
/// next meeting, to which all come.
package final class BatchMeeting: @unchecked Sendable {
    private let permits: Int
    private let grains: Range<Int>
    private let seats: [Seat]
    private let exchange: MeetingExchange
    private let monitor = Monitor()
    // By position among this rank's grains.
    private var hasSamples: [Bool]
    /// Those that sleep at a meeting.
    private var arrived: [Int] = []
    /// Waiting for a permit.
    private var ready: [Int] = []
    private var running = 0
    private var isOver = false
    private var place = 0
    private var failure: (any Error)?
    private var seconds = 0.0

    /// - Parameters:
    ///   - permits: how many grains are computed at a time.
    ///   - communication: of a communicator with as many ranks as the assignment; nil for one rank.
    ///   - waiting: around what returns when other ranks have done their part.
    package init(
        assignment: GrainAssignment, rank: Int, permits: Int, communication: CommunicationThread?,
        waiting: @escaping MeetingExchange.Waiting = { try $0() }
    ) {
        precondition(permits > 0, "BatchMeeting: \(permits) permits")
        self.permits = permits
        grains = assignment.grains(ofRank: rank)
        exchange = MeetingExchange(assignment, rank: rank, communication, waiting)
        seats = grains.map { _ in Seat() }
        hasSamples = seats.map { _ in false }
        arrived.reserveCapacity(seats.count)
        ready.reserveCapacity(seats.count)
        for (index, seat) in seats.enumerated() { seat.take(index, in: self) }
    }

    /// A step begins.
    ///
    /// - Parameter hasSamples: which grains, of all ranks, have samples and so come to its meetings; the same on all
    ///   ranks.
    package func begin(hasSamples: (_ grain: Int) -> Bool) {
        exchange.begin(hasSamples: hasSamples)
        monitor.withLock {
            for grain in grains { self.hasSamples[grain - grains.lowerBound] = hasSamples(grain) }
            arrived.removeAll(keepingCapacity: true)
            ready.removeAll(keepingCapacity: true)
            running = 0
            isOver = false
            failure = nil
            seconds = 0
        }
    }

    /// Seconds that this rank has waited for others in the step's meetings.
    package var waitSeconds: Double { monitor.withLock { seconds } }

    /// Computes a grain of this rank, on a thread of its own, once there is a permit.
    ///
    /// - Parameter compute: is given where the grain meets the others.
    /// - Throws: what `compute` throws, or the first error of another grain or of a meeting.
    package func attend(_ grain: Int, _ compute: (any GrainMeeting) throws -> Void) throws {
        let index = grain - grains.lowerBound
        awaitPermit(index)
        defer { leave(index) }
        do {
            try compute(seats[index])
        } catch {
            fail(error)
            throw error
        }
        if let failure = monitor.withLock({ failure }) { throw failure }
    }

    /// Releases all grains that wait, or will; from any thread.
    package func fail(_ error: any Error) {
        monitor.withLock { giveUp(error) }
    }

    // MARK: - Permits, under the lock

    private func awaitPermit(_ index: Int) {
        let waits = monitor.withLock {
            if running < permits {
                running += 1
                return false
            }
            ready.append(index)
            return true
        }
        if waits { seats[index].sleep() }
    }

    private func leave(_ index: Int) {
        monitor.withLock {
            if hasSamples[index] {
                isOver = true
                if !arrived.isEmpty { giveUp(outOfStep(index)) }
            }
            running -= 1
            handOutPermits()
        }
    }

    private func handOutPermits() {
        while running < permits, !ready.isEmpty {
            running += 1
            seats[ready.removeFirst()].wake()
        }
    }

    private func giveUp(_ error: any Error) {
        failure = failure ?? error
        ready.append(contentsOf: arrived)
        arrived.removeAll(keepingCapacity: true)
        handOutPermits()
    }

    private func outOfStep(_ index: Int) -> DataParallelError { .grainsApart(grain: grains.lowerBound + index) }

    // MARK: - A meeting

    private enum Turn { case isLast, waits, fails }

    /// False once the step has failed; then the grain brings nothing.
    fileprivate var goesOn: Bool { monitor.withLock { failure == nil } }

    /// - Returns: what all have brought, merged; nil where the step has failed.
    fileprivate func meet(
        _ index: Int, at place: Int, count: Int, merge: GrainMeeting.Merge
    ) -> UnsafePointer<Double>? {
        switch monitor.withLock({ arrive(index, at: place) }) {
        case .fails: return nil
        case .waits: seats[index].sleep()
        case .isLast:
            let start = Clock.seconds
            let result = Result {
                try exchange.merge(seats.map { $0.numbers(count) }, at: place, count: count, merge)
            }
            monitor.withLock {
                seconds += Clock.seconds - start
                if case .failure(let error) = result { return giveUp(error) }
                ready.append(contentsOf: arrived)
                arrived.removeAll(keepingCapacity: true)
                handOutPermits()
            }
        }
        return goesOn ? exchange.result : nil
    }

    /// Under the lock.
    private func arrive(_ index: Int, at place: Int) -> Turn {
        if failure != nil { return .fails }
        guard hasSamples[index], !isOver, arrived.isEmpty || place == self.place else {
            giveUp(outOfStep(index))
            return .fails
        }
        self.place = place
        if arrived.count + 1 == hasSamples.count(where: { $0 }) { return .isLast }
        arrived.append(index)
        running -= 1
        handOutPermits()
        return .waits
    }
}

/// A grain's place at the meetings of its rank: what it brings, and where it sleeps.
///
/// `@unchecked Sendable`: `isAwake` is under the lock; the numbers are handed over as ``BatchMeeting`` says, which
/// outlives its seats' use.
private final class Seat: GrainMeeting, @unchecked Sendable {
    private let monitor = Monitor()
    private var isAwake = false
    private var memory = UnsafeMutableBufferPointer<Double>.allocate(capacity: 0)
    private var index = 0
    private unowned(unsafe) var owner: BatchMeeting?

    deinit { memory.deallocate() }

    func take(_ index: Int, in owner: BatchMeeting) {
        self.index = index
        self.owner = owner
    }

    /// Room for so many numbers; what they were is kept where the room was there.
    func numbers(_ count: Int) -> UnsafeMutablePointer<Double> {
        if memory.count < count || memory.baseAddress == nil {
            memory.deallocate()
            memory = .allocate(capacity: max(count, 1))
            memory.initialize(repeating: 0)
        }
        return memory.baseAddress!
    }

    func meet(
        at place: Int, count: Int, merge: Merge, bring: (UnsafeMutablePointer<Double>) -> Void,
        take: (UnsafePointer<Double>) -> Void
    ) {
        // What is brought after a failure could be what another grain still merges.
        guard let owner, owner.goesOn else { return }
        bring(numbers(count))
        if let merged = owner.meet(index, at: place, count: count, merge: merge) { take(merged) }
    }

    func sleep() {
        monitor.withLock {
            while !isAwake { monitor.wait() }
            isAwake = false
        }
    }

    func wake() {
        monitor.withLock {
            isAwake = true
            monitor.signalAll()
        }
    }
}
