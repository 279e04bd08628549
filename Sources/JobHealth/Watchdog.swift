import Foundation
import Synchronization
import System

/// A thread that ends a rank which makes no progress: it counts seconds since ``Activity`` last moved on, not wall
/// time. During start-up it is also progress when the process computes, for ten deadlines at most.
///
/// It runs from before MPI starts until after it has ended. A rank that has done its part and waits for the others
/// calls the roll before it gives up: those that answer and are at work have watchdogs of their own.
package final class Watchdog: Sendable {
    /// What a rank that waits adds to the deadline.
    private static let courtesySeconds = 1.0
    /// For how many deadlines a process may compute in start-up without entering a phase.
    private static let computingDeadlines = 10.0
    /// Where no configuration says otherwise.
    package static let usualDeadlineSeconds = 300.0

    private let deadlineBits: Atomic<UInt64>
    private let isStopped = Atomic(false)

    /// All are called from the watchdog's thread.
    ///
    /// - Parameters:
    ///   - onWait: called when this rank has waited for others until the deadline.
    ///   - mayWait: called a second later; whether it is right to wait for another deadline.
    ///   - onDeadline: called once when the time is over, with the seconds without progress.
    ///
    /// Throws `SystemError.thread`.
    package init(
        deadlineSeconds: Double, onWait: @escaping @Sendable () -> Void, mayWait: @escaping @Sendable () -> Bool,
        onDeadline: @escaping @Sendable (Double) -> Void
    ) throws(SystemError) {
        deadlineBits = Atomic(deadlineSeconds.bitPattern)
        _ = try JoinableThread(name: "watchdog") { [self] in watch(onWait, mayWait, onDeadline) }
    }

    /// Seconds without progress that end the rank.
    package var deadlineSeconds: Double {
        get { Double(bitPattern: deadlineBits.load(ordering: .relaxed)) }
        set { deadlineBits.store(newValue.bitPattern, ordering: .relaxed) }
    }

    package func stop() { isStopped.store(true, ordering: .relaxed) }

    /// The processor time of this process, in half seconds.
    private static var processorHalfSeconds: Int { Int(2 * Clock.processSeconds) }

    private func watch(_ onWait: () -> Void, _ mayWait: () -> Bool, _ onDeadline: (Double) -> Void) {
        var last = -1
        var since = Clock.seconds
        var lastLook = since
        var (lastOwn, ownSince) = (-1, since)
        var hasAsked = false
        while !isStopped.load(ordering: .relaxed) {
            let deadline = deadlineSeconds
            let pause = min(max(deadline / 40, 0.02), 0.25)
            let now = Clock.seconds
            // A process that was itself stopped, or a machine that slept, has not had the time that has passed.
            if now - lastLook > pause + 1 {
                since += now - lastLook - pause
                ownSince += now - lastLook - pause
            }
            lastLook = now
            let isWaiting = Activity.isWaitingForRanks
            // Data sets may take long to open, and no step tells that they do; the processor's time does.
            if Activity.beats != lastOwn { (lastOwn, ownSince) = (Activity.beats, now) }
            let computes =
                Activity.phase == .startUp && !isWaiting && now - ownSince < Watchdog.computingDeadlines * deadline
            let beats = Activity.beats + (computes ? Watchdog.processorHalfSeconds : 0)
            if beats != last || Activity.isWaitingForReader {
                last = beats
                since = now
                hasAsked = false
            } else if now - since > deadline + (isWaiting ? Watchdog.courtesySeconds : 0) {
                guard isWaiting, mayWait() else { return onDeadline(now - since) }
                since = now
                hasAsked = false
            } else if isWaiting, !hasAsked, now - since > deadline {
                hasAsked = true
                onWait()
            }
            usleep(UInt32(pause * 1e6))
        }
    }
}
