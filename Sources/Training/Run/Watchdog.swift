import Foundation
import Synchronization

/// Ends a job that makes no progress: counts seconds since the last finished step or grain, not wall time.
///
/// A rank that has done its part of a phase and waits for the others gives them a little longer, so that the rank that is
/// late names itself where it can.
/// `@unchecked Sendable`: `place` is under the mutex; the rest is atomic or constant.
public final class Watchdog: @unchecked Sendable {
    /// What a rank that waits adds to the deadline.
    private static let courtesySeconds = 3.0

    private struct Place {
        var phase = "start-up"
        var step = 0
    }

    private let beats = Atomic(0)
    /// Pieces of work that this rank has yet to do in the phase; −1 when they are not counted.
    private let piecesLeft = Atomic(-1)
    private let isStopped = Atomic(false)
    private let place = Mutex(Place())
    private let deadlineSeconds: Double
    private let rank: Int
    private let onDeadline: @Sendable (TrainingError) -> Void

    /// - Parameter onDeadline: called once from the watchdog's thread.
    public init(rank: Int, deadlineSeconds: Double, onDeadline: @escaping @Sendable (TrainingError) -> Void) {
        self.rank = rank
        self.deadlineSeconds = deadlineSeconds
        self.onDeadline = onDeadline
        let thread = Thread { [self] in watch() }
        thread.name = "watchdog"
        thread.start()
    }

    /// One of the phase's pieces, a grain, is done.
    public func finishPiece() {
        piecesLeft.subtract(1, ordering: .relaxed)
        beats.add(1, ordering: .relaxed)
    }

    /// The loop enters a phase after `step` finished steps.
    ///
    /// - Parameter pieces: this rank's grains in it, after which it waits for other ranks; nil when it waits for nobody.
    public func enter(_ phase: String, step: Int, pieces: Int? = nil) {
        place.withLock { $0 = Place(phase: phase, step: step) }
        piecesLeft.store(pieces ?? -1, ordering: .relaxed)
        beats.add(1, ordering: .relaxed)
    }

    public func stop() { isStopped.store(true, ordering: .relaxed) }

    private func watch() {
        var last = -1
        var since = Clock.seconds
        while !isStopped.load(ordering: .relaxed) {
            let now = beats.load(ordering: .relaxed)
            let isWaiting = piecesLeft.load(ordering: .relaxed) == 0
            if now != last {
                last = now
                since = Clock.seconds
            } else if Clock.seconds - since > deadlineSeconds + (isWaiting ? Watchdog.courtesySeconds : 0) {
                let place = place.withLock { $0 }
                let seconds = Clock.seconds - since
                onDeadline(
                    isWaiting
                        ? .ranksAreLate(rank: rank, phase: place.phase, step: place.step, seconds: seconds)
                        : .noProgress(rank: rank, phase: place.phase, step: place.step, seconds: seconds))
                return
            }
            usleep(UInt32(min(max(deadlineSeconds / 20, 0.05), 1) * 1e6))
        }
    }
}
