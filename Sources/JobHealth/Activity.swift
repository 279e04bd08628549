import Synchronization
import System

/// What this process is doing, for whoever has to say where it failed or hangs: another thread, or a signal handler.
///
/// A process is one rank of one job, so there is one of it. It is atomic; the copy in ``ActivityRecord`` is for when
/// the process is gone.
package enum Activity {
    private static let phaseNumber = Atomic(Phase.launch.rawValue)
    private static let finishedSteps = Atomic(0)
    private static let beatCount = Atomic(0)
    /// Pieces of work that this rank has yet to do in the phase; −1 when they are not counted.
    private static let piecesLeft = Atomic(-1)
    /// Calls under way that wait for other ranks.
    private static let waits = Atomic(0)
    /// Calls under way that may wait for a person.
    private static let reads = Atomic(0)

    /// The rank enters a phase.
    ///
    /// - Parameters:
    ///   - step: finished steps; nil for no change.
    ///   - pieces: this rank's grains in it, after which it waits for other ranks; nil when they are not counted.
    package static func enter(_ phase: Phase, step: Int? = nil, pieces: Int? = nil) {
        phaseNumber.store(phase.rawValue, ordering: .relaxed)
        if let step { finishedSteps.store(step, ordering: .relaxed) }
        ActivityRecord.set(phase, step: self.step)
        piecesLeft.store(pieces ?? -1, ordering: .relaxed)
        beat()
    }

    /// One of the phase's pieces, a grain, is done.
    package static func finishPiece() {
        if piecesLeft.subtract(1, ordering: .relaxed).newValue == 0 { ActivityRecord.set(phase, step: step) }
        beat()
    }

    /// Something has moved on.
    package static func beat() { beatCount.add(1, ordering: .relaxed) }

    /// Runs `body`, which returns when other ranks have done their part.
    package static func waitingForRanks<Result>(_ body: () throws -> Result) rethrows -> Result {
        waits.add(1, ordering: .relaxed)
        defer {
            waits.subtract(1, ordering: .relaxed)
            beat()
        }
        let isOfStep = phase == .training || phase == .allReduce
        return try Timeline.span(isOfStep ? .sums : .ranks, body)
    }

    /// Runs `body`, which writes what somebody reads, at whatever pace: a terminal that is halted, `less`.
    package static func waitingForReader<Result>(_ body: () throws -> Result) rethrows -> Result {
        reads.add(1, ordering: .relaxed)
        defer { reads.subtract(1, ordering: .relaxed) }
        return try body()
    }

    /// Whether a reader may have halted this process.
    static var isWaitingForReader: Bool { reads.load(ordering: .relaxed) > 0 }

    /// Changes whenever something has moved on.
    static var beats: Int { beatCount.load(ordering: .relaxed) }

    /// Whether this rank has done its part and others have not.
    package static var isWaitingForRanks: Bool {
        waits.load(ordering: .relaxed) > 0 || piecesLeft.load(ordering: .relaxed) == 0
    }

    /// The phase; a rank that has computed its grains of a step is in the all-reduce.
    package static var phase: Phase {
        let phase = Phase(rawValue: phaseNumber.load(ordering: .relaxed)) ?? .launch
        return phase == .training && piecesLeft.load(ordering: .relaxed) == 0 ? .allReduce : phase
    }

    /// Finished steps.
    package static var step: Int { finishedSteps.load(ordering: .relaxed) }

    /// Whether finished steps mean something now.
    package static var hasSteps: Bool { !phase.isWithoutSteps }

    /// Where this process is, for messages: `training after step 41`.
    package static var place: String { phase.place(step: step) }
}
