import Foundation
import Synchronization

/// Ends a job that makes no progress: counts seconds since the last finished step or grain, not wall time.
///
/// `@unchecked Sendable`: `phase` and `step` are under the mutex; the rest is atomic or constant.
public final class Watchdog: @unchecked Sendable {
    private let beats = Atomic(0)
    private let isStopped = Atomic(false)
    private let place = Mutex<(phase: String, step: Int)>(("start-up", 0))
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

    /// A grain or step is done.
    public func beat() { beats.add(1, ordering: .relaxed) }

    /// The loop enters a phase after `step` finished steps.
    public func enter(_ phase: String, step: Int) {
        place.withLock { $0 = (phase, step) }
        beat()
    }

    public func stop() { isStopped.store(true, ordering: .relaxed) }

    private func watch() {
        var last = -1
        var since = Clock.seconds
        while !isStopped.load(ordering: .relaxed) {
            let now = beats.load(ordering: .relaxed)
            if now != last {
                last = now
                since = Clock.seconds
            } else if Clock.seconds - since > deadlineSeconds {
                let (phase, step) = place.withLock { $0 }
                onDeadline(.noProgress(rank: rank, phase: phase, step: step, seconds: Clock.seconds - since))
                return
            }
            usleep(UInt32(min(max(deadlineSeconds / 20, 0.05), 1) * 1e6))
        }
    }
}
