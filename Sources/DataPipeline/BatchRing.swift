import System

/// A fixed number of batches that fillers and consumers pass round; all state behind one lock.
///
/// Request q uses slot q mod depth. A slot serves its request, then the one `depth` later, so at most `depth` grains
/// are held at once. Whoever finds the slot vacant fills it: a prefetching thread ahead of time or the consumer itself.
///
/// A failure belongs to the ring and not to a slot: whoever asks for the failed request or a later one gets it, also
/// those who already wait, because the consumer that met it will not come for its own later requests. Earlier requests
/// are still served.
// Unchecked: `slots` and `isStopped` are touched under the monitor; a batch belongs to whoever moved its slot to
// `.filling` or `.taken`.
final class BatchRing: @unchecked Sendable {
    private enum State {
        case vacant, filling, ready, taken
    }

    private struct Slot {
        var request: Int
        var state = State.vacant
    }

    private let monitor = Monitor()
    private let batches: [Batch]
    private let requestCount: Int
    private let fill: @Sendable (Batch, Int) throws -> Void
    private var slots: [Slot]
    private var isStopped = false
    /// The earliest request that failed.
    private var failure: (request: Int, error: any Error)?

    /// How many slots there are, which needs no lock.
    private var depth: Int { batches.count }

    /// - Parameter fill: puts the samples of a request into a batch.
    init(batches: [Batch], requestCount: Int, fill: @escaping @Sendable (Batch, Int) throws -> Void) {
        self.batches = batches
        self.requestCount = requestCount
        self.fill = fill
        slots = batches.indices.map { Slot(request: $0) }
    }

    /// The batch of `request`, filled here if no thread has begun to; rethrows what filling it threw.
    func take(_ request: Int) throws -> Batch {
        let number = request % depth
        let mustFill = try monitor.withLock { try awaitTurn(number, request) }
        if mustFill {
            do {
                try fill(batches[number], request)
            } catch {
                fail(request, error)
                throw error
            }
        }
        return batches[number]
    }

    /// Takes the turn of `request` without filling its batch, so that those who come after it need not wait for ever.
    ///
    /// Throws as ``take(_:)`` does.
    func skip(_ request: Int) throws {
        _ = try monitor.withLock { try awaitTurn(request % depth, request) }
        giveBack(request)
    }

    /// Makes `error` the answer to `request` and all later ones, and wakes those who wait for one of them.
    func fail(_ request: Int, _ error: any Error) {
        monitor.withLock {
            if failure.map({ request < $0.request }) ?? true { failure = (request, error) }
            monitor.signalAll()
        }
    }

    /// Returns the batch of `request`; its slot now serves the request `depth` later.
    func giveBack(_ request: Int) {
        monitor.withLock {
            slots[request % depth] = Slot(request: request + depth)
            monitor.signalAll()
        }
    }

    /// What a prefetching thread runs: fills vacant slots, the earliest request first, until all are done, one fails or
    /// `stop`.
    func prefetch() {
        while let (number, request) = monitor.withLock({ claimEarliest() }) {
            do {
                try fill(batches[number], request)
                finish(number, .ready)
            } catch {
                fail(request, error)
            }
        }
    }

    /// Ends all waiting.
    func stop() {
        monitor.withLock {
            isStopped = true
            monitor.signalAll()
        }
    }

    /// Waits until slot `number` serves `request` and marks it taken; returns whether the caller must fill it.
    private func awaitTurn(_ number: Int, _ request: Int) throws -> Bool {
        while true {
            if isStopped { throw DataError.loaderStopped }
            if let failure, request >= failure.request { throw failure.error }
            precondition(
                slots[number].request <= request, "BatchLoader: a grain was asked for twice or after a later one")
            if slots[number].request == request {
                switch slots[number].state {
                case .vacant:
                    slots[number].state = .taken
                    return true
                case .ready:
                    slots[number].state = .taken
                    return false
                case .taken: preconditionFailure("BatchLoader: a grain was asked for twice")
                case .filling: break
                }
            }
            monitor.wait()
        }
    }

    private func claimEarliest() -> (slot: Int, request: Int)? {
        while true {
            if isStopped || failure != nil { return nil }
            var earliest: Int?
            var isExhausted = true
            for (number, slot) in slots.enumerated() where slot.request < requestCount {
                isExhausted = false
                if case .vacant = slot.state, earliest.map({ slots[$0].request > slot.request }) ?? true {
                    earliest = number
                }
            }
            if let earliest {
                slots[earliest].state = .filling
                return (earliest, slots[earliest].request)
            }
            if isExhausted { return nil }
            monitor.wait()
        }
    }

    private func finish(_ number: Int, _ state: State) {
        monitor.withLock {
            slots[number].state = state
            monitor.signalAll()
        }
    }
}
